using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Glm5.Host.Api;

/// <summary>
/// The form that nearly all chunks of an answer have: everything around the text is the same bytes each time, written
/// once; only the text is encoded anew, straight into the response's buffer.
/// </summary>
internal sealed class ChunkForm
{
    /// <summary>The longest escape of a UTF-8 byte, as in <c>\u001f</c>.</summary>
    private const int LongestEscape = 6;

    private const int LongestOnStack = 512;

    private static readonly JavaScriptEncoder s_encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly byte[] _before, _behind;

    /// <param name="head">What the chunk begins with.</param>
    /// <param name="kind">Its <c>object</c>.</param>
    /// <param name="choice">Which of the answers it is part of.</param>
    /// <param name="withUsage">Whether chunks say that usage is still to come.</param>
    public ChunkForm(AnswerHead head, JsonEncodedText kind, int choice, bool withUsage)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write("data: "u8);
        using (Utf8JsonWriter json = JsonText.To(bytes))
        {
            head.Write(json, kind);
            json.WriteStartArray(Names.Choices);
            json.WriteStartObject();
            json.WriteNumber(Names.Index, choice);
            json.WriteStartObject(Names.Delta);
        }

        _before = bytes.WrittenSpan.ToArray();
        ReadOnlySpan<byte> behind = "},\"finish_reason\":null}]"u8;
        _behind = [.. behind, .. withUsage ? ",\"usage\":null}\n\n"u8 : "}\n\n"u8];
    }

    /// <summary>Writes a chunk whose delta has one field, or two with the same text.</summary>
    public void Write(IBufferWriter<byte> output, string text, JsonEncodedText name, JsonEncodedText? second = null)
    {
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = most > LongestOnStack ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> plain = rented ?? stackalloc byte[LongestOnStack];
        ReadOnlySpan<byte> utf8 = plain[..Encoding.UTF8.GetBytes(text, plain)];
        int fieldBytes = (LongestEscape * utf8.Length) + name.EncodedUtf8Bytes.Length + (second?.EncodedUtf8Bytes.Length ?? 0) + 8;
        Span<byte> chunk = output.GetSpan(_before.Length + (2 * fieldBytes) + _behind.Length);
        int length = 0;
        Append(chunk, ref length, _before);
        AppendField(chunk, ref length, name, utf8);
        if (second is { } other)
        {
            chunk[length++] = (byte)',';
            AppendField(chunk, ref length, other, utf8);
        }

        Append(chunk, ref length, _behind);
        output.Advance(length);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    private static void AppendField(Span<byte> chunk, ref int length, JsonEncodedText name, ReadOnlySpan<byte> utf8)
    {
        chunk[length++] = (byte)'"';
        Append(chunk, ref length, name.EncodedUtf8Bytes);
        Append(chunk, ref length, "\":\""u8);
        s_encoder.EncodeUtf8(utf8, chunk[length..], out _, out int written);
        length += written;
        chunk[length++] = (byte)'"';
    }

    private static void Append(Span<byte> chunk, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(chunk[length..]);
        length += bytes.Length;
    }
}
