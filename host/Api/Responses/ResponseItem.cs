using System.Security.Cryptography;
using System.Text.Json;
using Glm5.Core.Chat;

namespace Glm5.Host.Api.Responses;

/// <summary>An item of a response's output: one block of the answer under an id.</summary>
/// <param name="block">What it holds.</param>
/// <param name="callId">The id by which a call's result is sent back; null when it is no call.</param>
/// <param name="space">The namespace of the function that is called; null for none.</param>
/// <param name="name">Its name in there.</param>
internal sealed class ResponseItem(AnswerBlock block, string? callId, string? space, string name)
{
    /// <summary>What it holds.</summary>
    public AnswerBlock Block => block;

    /// <summary>The name of the function that is called; empty when it is no call.</summary>
    public string Name => name;

    /// <summary>Its id.</summary>
    public string Id { get; } = Prefix(block.Kind) + RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Writes it as an open item, whose content is still to come.</summary>
    public void WriteOpen(Utf8JsonWriter json) => Write(json, "in_progress", isOpen: true);

    /// <summary>Writes it with what it holds.</summary>
    public void Write(Utf8JsonWriter json, string status) => Write(json, status, isOpen: false);

    /// <summary>Writes the one part of an item that is text.</summary>
    public void WritePart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        if (block.Kind == OutputKind.Reasoning)
        {
            json.WriteString(Names.Type, "reasoning_text"u8);
            json.WriteString(Names.Text, text);
        }
        else
        {
            json.WriteString(Names.Type, "output_text"u8);
            json.WriteString(Names.Text, text);
            WriteEmptyArray(json, "annotations"u8);
            WriteEmptyArray(json, "logprobs"u8);
        }

        json.WriteEndObject();
    }

    private static string Prefix(OutputKind kind) => kind switch
    {
        OutputKind.Reasoning => "rs_",
        OutputKind.Content => "msg_",
        _ => "fc_",
    };

    private void Write(Utf8JsonWriter json, string status, bool isOpen)
    {
        json.WriteStartObject();
        json.WriteString(Names.Id, Id);
        switch (block.Kind)
        {
            case OutputKind.Reasoning:
                json.WriteString(Names.Type, Names.Reasoning);
                WriteEmptyArray(json, "summary"u8);
                WriteContent(json, isOpen);
                break;
            case OutputKind.Content:
                json.WriteString(Names.Type, Names.Message);
                json.WriteString(Names.Role, Names.Assistant);
                WriteContent(json, isOpen);
                break;
            default:
                json.WriteString(Names.Type, "function_call"u8);
                json.WriteString("call_id"u8, callId);
                json.WriteString(Names.Name, name);
                if (space is not null)
                    json.WriteString("namespace"u8, space);
                json.WriteString(Names.Arguments, isOpen ? "" : block.Text.ToString());
                break;
        }

        json.WriteString(Names.Status, status);
        json.WriteEndObject();
    }

    private void WriteContent(Utf8JsonWriter json, bool isOpen)
    {
        json.WriteStartArray(Names.Content);
        if (!isOpen)
            WritePart(json, block.Text.ToString());
        json.WriteEndArray();
    }

    private static void WriteEmptyArray(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }
}
