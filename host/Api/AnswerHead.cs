using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>What every chunk of an answer begins with, encoded once.</summary>
internal sealed class AnswerHead
{
    private readonly JsonEncodedText _id;
    private readonly JsonEncodedText _model;
    private readonly long _created;

    /// <param name="kind">Beginning of the id: <c>chatcmpl</c> or <c>cmpl</c>.</param>
    /// <param name="model">The name to answer with.</param>
    /// <param name="created">When the request came.</param>
    public AnswerHead(string kind, string model, DateTimeOffset created)
    {
        Id = $"{kind}-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        _id = JsonEncodedText.Encode(Id);
        _model = JsonEncodedText.Encode(model, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        _created = created.ToUnixTimeSeconds();
    }

    /// <summary>The answer's id.</summary>
    public string Id { get; }

    /// <summary>Begins an object with id, object, created and model; the caller ends it.</summary>
    public void Write(Utf8JsonWriter json, JsonEncodedText kind)
    {
        json.WriteStartObject();
        json.WriteString(Names.Id, _id);
        json.WriteString(Names.Object, kind);
        json.WriteNumber(Names.Created, _created);
        json.WriteString(Names.Model, _model);
    }
}
