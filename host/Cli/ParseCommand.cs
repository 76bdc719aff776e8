using System.Buffers;
using System.CommandLine;
using System.IO.Pipelines;
using System.Text.Json;
using Glm5.Core.Tokenization;
using Glm5.Host.Api;
using Glm5.Host.Serving;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 parse</c>: answers of GLM-5 in, one JSON object a line; reasoning, content and tool calls out, one a line.
/// A line that cannot be read is answered with what is wrong with it, and the next one is read.
/// </summary>
internal sealed class ParseCommand
{
    private const int LongestLine = 32 << 20;

    private readonly Tokenizer? _tokenizer;
    private readonly PipeReader _input;
    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _answer = new(4096);

    private ParseCommand(Stream input, Stream output, Tokenizer? tokenizer) =>
        (_input, _output, _tokenizer) = (PipeReader.Create(input), output, tokenizer);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Option<string?>("--model")
        {
            Description = "Folder of the model whose token_ids are given, for its tokenizer.json",
            HelpName = "folder",
        };
        var command = new Command(
            "parse",
            "Take answers apart: JSON lines {text or token_ids, tools, starts_in_reasoning, cuts, finish_reason} in, "
            + "{reasoning, content, tool_calls, finish_reason} out")
        {
            model,
        };
        command.SetAction(async (line, cancel) =>
        {
            if (line.GetValue(model) is not { } folder)
                return await RunAsync(null, cancel);
            try
            {
                string path = folder == EmbeddedModel.Name ? EmbeddedModel.Folder : folder;
                return await RunAsync(Tokenizer.Load(Path.Combine(path, "tokenizer.json")), cancel);
            }
            catch (Exception exception) when (LoadFailure.CodeOf(exception) is { } code)
            {
                return Say.Error(exception.Message, code);
            }
        });
        return command;
    }

    /// <summary>Reads lines to the end and answers each.</summary>
    internal static async Task RunAsync(Stream input, Stream output, Tokenizer? tokenizer, CancellationToken cancel)
    {
        var parse = new ParseCommand(input, output, tokenizer);
        long number = 0;
        while (await parse.ReadLineAsync(cancel) is { } line)
            await parse.AnswerAsync(line, ++number, cancel);
        await output.FlushAsync(cancel);
    }

    private static async Task<int> RunAsync(Tokenizer? tokenizer, CancellationToken cancel)
    {
        await using Stream input = Console.OpenStandardInput();
        await using Stream output = Console.OpenStandardOutput();
        await RunAsync(input, output, tokenizer, cancel);
        return ExitCode.Done;
    }

    /// <summary>The next line without its end; null after the last. One that is too long comes cut.</summary>
    private async ValueTask<byte[]?> ReadLineAsync(CancellationToken cancel)
    {
        var line = new ArrayBufferWriter<byte>();
        bool isThere = false;
        while (true)
        {
            ReadResult read = await _input.ReadAsync(cancel);
            ReadOnlySequence<byte> bytes = read.Buffer;
            SequencePosition? end = bytes.PositionOf((byte)'\n');
            ReadOnlySequence<byte> piece = end is null ? bytes : bytes.Slice(0, end.Value);
            isThere |= !bytes.IsEmpty;
            piece = piece.Slice(0, Math.Min(piece.Length, LongestLine + 1 - line.WrittenCount));
            foreach (ReadOnlyMemory<byte> part in piece)
                line.Write(part.Span);
            _input.AdvanceTo(end is null ? bytes.End : bytes.GetPosition(1, end.Value));
            if (end is not null || read.IsCompleted)
                return isThere ? line.WrittenSpan.ToArray() : null;
        }
    }

    private async ValueTask AnswerAsync(byte[] line, long number, CancellationToken cancel)
    {
        if (line.AsSpan().Trim(" \t\r"u8).IsEmpty)
            return;
        _answer.ResetWrittenCount();
        using (Utf8JsonWriter json = JsonText.To(_answer))
        {
            try
            {
                Parse(line).Write(json);
            }
            catch (ApiException error)
            {
                WriteError(json, error, number);
            }
        }

        _answer.Write("\n"u8);
        await _output.WriteAsync(_answer.WrittenMemory, cancel);
    }

    private ParsedAnswer Parse(byte[] line)
    {
        if (line.Length > LongestLine)
            throw ApiException.Invalid("line", $"the line is longer than {LongestLine:N0} bytes", "line_too_long");
        using JsonDocument document = RequestBody.Parse(line);
        return ParseRequest.Read(document.RootElement).Parse(_tokenizer);
    }

    private static void WriteError(Utf8JsonWriter json, ApiException error, long number)
    {
        json.WriteStartObject();
        json.WriteString("error"u8, error.Message.Replace("the body", "the line", StringComparison.Ordinal));
        json.WriteNumber("line"u8, number);
        json.WriteEndObject();
    }
}
