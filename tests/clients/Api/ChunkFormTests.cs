using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Glm5.Host.Api;

namespace Glm5.Tests.Clients.Api;

/// <summary>Chunks written around a form are byte for byte those that the JSON writer writes.</summary>
[TestClass]
public sealed class ChunkFormTests
{
    private static readonly JsonEncodedText s_kind = JsonEncodedText.Encode("chat.completion.chunk");

    private static readonly Gen<string> s_text = Gen.Frequency(
        (3, Gen.String[0, 40]),
        (2, Gen.String["\"\\/\b\f\n\r\t\u0000\u001f\u007f<>&'+`äß€中😀\u2028\u2029\ud83d\uffff"]),
        (1, Gen.String[400, 3000]));

    [TestMethod]
    public void A_chunk_is_what_the_writer_writes() => Gen.Select(s_text, Gen.Bool, Gen.Bool).Sample(
        (text, withUsage, isReasoning) =>
        {
            // What a detokenizer gives out never has half of a surrogate pair.
            text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            var head = new AnswerHead("chatcmpl", "mödel \"x\"", DateTimeOffset.UnixEpoch);
            var output = new ArrayBufferWriter<byte>();
            new ChunkForm(head, s_kind, 0, withUsage).Write(
                output, text, isReasoning ? Names.ReasoningContent : Names.Content, isReasoning ? Names.Reasoning : null);
            Assert.AreEqual(Written(head, text, withUsage, isReasoning), Encoding.UTF8.GetString(output.WrittenSpan));
        }, iter: Soak.Times(2000), threads: 1);

    private static string Written(AnswerHead head, string text, bool withUsage, bool isReasoning)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write("data: "u8);
        using (Utf8JsonWriter json = JsonText.To(bytes))
        {
            head.Write(json, s_kind);
            json.WriteStartArray(Names.Choices);
            json.WriteStartObject();
            json.WriteNumber(Names.Index, 0);
            json.WriteStartObject(Names.Delta);
            json.WriteString(isReasoning ? Names.ReasoningContent : Names.Content, text);
            if (isReasoning)
                json.WriteString(Names.Reasoning, text);
            json.WriteEndObject();
            json.WriteNull(Names.FinishReason);
            json.WriteEndObject();
            json.WriteEndArray();
            if (withUsage)
                json.WriteNull(Names.Usage);
            json.WriteEndObject();
        }

        bytes.Write("\n\n"u8);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
