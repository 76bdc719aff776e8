using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Glm5.Core.Model;
using Glm5.Core.Weights;

namespace Glm5.Core.Tokenization;

/// <summary>What a tokenizer.json says, checked.</summary>
internal sealed record TokenizerParts(
    TokenBytes Tokens, MergeTable Merges, AddedToken[] Added, TextSplit Split, int[] ByteIds, bool IgnoreMerges);

/// <summary>
/// tokenizer.json to <see cref="TokenizerParts"/>: everything is checked before the complaints are thrown in one list.
/// </summary>
internal sealed class TokenizerReader
{
    /// <summary>A broken file is broken in the same way many times over.</summary>
    private const int MostProblems = 20;

    /// <summary>No vocabulary comes near; bounds what a lying id can make us allocate.</summary>
    private const int LargestId = 1 << 22;

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly List<string> _problems = [];
    private readonly Dictionary<string, int> _vocabulary = new(StringComparer.Ordinal);
    private readonly List<byte[]?> _bytes = [];
    private readonly List<AddedToken> _added = [];

    private TokenizerReader()
    {
    }

    public static TokenizerParts Read(ReadOnlyMemory<byte> json, string name)
    {
        TokenizerReader reader = new();
        try
        {
            if (reader.Read(json) is { } parts && reader._problems.Count == 0)
                return parts;
        }
        catch (JsonException exception)
        {
            reader._problems.Add($"it is not valid JSON: {exception.Message}");
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair (\ud800) is JSON, but no text can be made of it.
            reader._problems.Add("a string in it is not valid Unicode");
        }

        throw new TokenizerException(ProblemList.Describe(name, reader._problems));
    }

    private TokenizerParts? Read(ReadOnlyMemory<byte> json)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        if (!Utf8.IsValid(json.Span))
        {
            _problems.Add("it is not valid UTF-8; expected JSON text");
            return null;
        }

        if (json.Span.StartsWith(byteOrderMark))
            json = json[byteOrderMark.Length..];
        using JsonDocument document = JsonDocument.Parse(json, s_strict);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"it holds a JSON {root.ValueKind}; expected an object");
            return null;
        }

        TextSplit? split = TokenizerPipeline.Read(root, _problems);
        if (!root.TryGetProperty("model", out JsonElement model) || model.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("model is missing or no object; expected one of type \"BPE\"");
            return null;
        }

        bool ignoreMerges = ReadSettings(new JsonFields(model, "model.", _problems));
        ReadVocabulary(model);
        MergeTable merges = ReadMerges(model);
        ReadAddedTokens(root);
        int[] byteIds = ReadByteIds();
        CheckDense();
        if (split is null || _problems.Count > 0)
            return null;

        TokenBytes tokens = new(_bytes, _vocabulary.Values);
        return new TokenizerParts(tokens, merges, [.. _added], split, byteIds, ignoreMerges);
    }

    /// <summary>Refuses what would change ids; returns ignore_merges.</summary>
    private bool ReadSettings(JsonFields model)
    {
        model.Only("type", "BPE");
        model.Only("dropout", 0);
        model.Only("continuing_subword_prefix", "");
        model.Only("end_of_word_suffix", "");
        model.Only("byte_fallback", false);
        if (model.Text("unk_token") is { } unknown)
            _problems.Add($"model.unk_token is {unknown}; expected null, the only supported value");
        return model.Flag("ignore_merges", fallback: false);
    }

    private void ReadVocabulary(JsonElement model)
    {
        if (!model.TryGetProperty("vocab", out JsonElement vocabulary) || vocabulary.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("model.vocab is missing or no object; expected one of tokens and their ids");
            return;
        }

        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            if (TooMany())
                break;
            string token = entry.Name;
            if (!TryReadId(entry.Value, out int id))
                _problems.Add($"{Gives(entry)}; expected 0 to {LargestId}");
            else if (!TryReadBytes(token, out byte[] bytes))
                _problems.Add($"{Gives(entry)}, but it is not written in the byte-level alphabet");
            else if (Place(id, bytes))
                _vocabulary[token] = id;
            else
                _problems.Add($"{Gives(entry)}, which another token has");
        }
    }

    private MergeTable ReadMerges(JsonElement model)
    {
        if (!model.TryGetProperty("merges", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            _problems.Add("model.merges is missing or no list; expected one of pairs of tokens");
            return new MergeTable(0);
        }

        MergeTable merges = new(list.GetArrayLength());
        int rank = 0;
        foreach (JsonElement merge in list.EnumerateArray())
        {
            if (TooMany())
                break;
            if (!TryReadPair(merge, out string left, out string right))
            {
                _problems.Add(
                    $"model.merges[{rank}] is {Quote(merge.GetRawText())}; expected [\"a\", \"b\"] or \"a b\"");
            }
            else if (!_vocabulary.TryGetValue(left, out int leftId) || !_vocabulary.TryGetValue(right, out int rightId)
                || !_vocabulary.TryGetValue(left + right, out int result))
            {
                _problems.Add($"model.merges[{rank}] joins {Quote(left)} and {Quote(right)}, "
                    + "but one of them or the result is not in model.vocab");
            }
            else
            {
                merges.Set(leftId, rightId, new Merge(rank, result));
            }

            rank++;
        }

        return merges;
    }

    private static bool TryReadPair(JsonElement merge, out string left, out string right)
    {
        left = right = "";
        if (merge.ValueKind == JsonValueKind.String)
        {
            string text = merge.GetString()!;
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == text.Length - 1 || text.LastIndexOf(' ') != space)
                return false;
            left = text[..space];
            right = text[(space + 1)..];
            return true;
        }

        if (merge.ValueKind != JsonValueKind.Array || merge.GetArrayLength() != 2
            || merge[0].ValueKind != JsonValueKind.String || merge[1].ValueKind != JsonValueKind.String)
        {
            return false;
        }

        left = merge[0].GetString()!;
        right = merge[1].GetString()!;
        return true;
    }

    private void ReadAddedTokens(JsonElement root)
    {
        if (!root.TryGetProperty("added_tokens", out JsonElement list) || list.ValueKind == JsonValueKind.Null)
            return;
        if (list.ValueKind != JsonValueKind.Array)
        {
            _problems.Add($"added_tokens is a JSON {list.ValueKind}; expected a list");
            return;
        }

        HashSet<string> texts = new(StringComparer.Ordinal);
        int index = 0;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            if (TooMany())
                return;
            string place = $"added_tokens[{index++}]";
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("id", out JsonElement number)
                || !TryReadId(number, out int id))
            {
                _problems.Add(
                    $"{place} is {Quote(entry.GetRawText())}; expected an object with an id of 0 to {LargestId}");
                continue;
            }

            JsonFields fields = new(entry, place + ".", _problems);
            fields.Only("lstrip", false);
            fields.Only("rstrip", false);
            fields.Only("single_word", false);
            fields.Only("normalized", false);
            bool special = fields.Flag("special", fallback: false);
            string? text = fields.Text("content");
            if (string.IsNullOrEmpty(text) || !texts.Add(text))
                _problems.Add($"{place}.content is {Quote(text ?? "")}; expected text that no other added token has");
            else if (!Place(id, Encoding.UTF8.GetBytes(text)) && _vocabulary.GetValueOrDefault(text, -1) != id)
                _problems.Add($"{place} gives the id {id}, which another token has, to {Quote(text)}");
            else if (_vocabulary.TryGetValue(text, out int ordinary) && ordinary != id)
                _problems.Add($"{place} gives the id {id} to {Quote(text)}, which has {ordinary} in model.vocab");
            else
                _added.Add(new AddedToken(id, text, special));
        }
    }

    /// <summary>The id of each byte by itself: without one, text with that byte could not be encoded.</summary>
    private int[] ReadByteIds()
    {
        int[] ids = new int[256];
        Array.Fill(ids, -1);
        foreach (int id in _vocabulary.Values)
        {
            if (_bytes[id] is [byte single])
                ids[single] = id;
        }

        int missing = ids.AsSpan().Count(-1);
        if (missing > 0)
        {
            int first = Array.IndexOf(ids, -1);
            _problems.Add($"model.vocab lacks {missing} of the 256 single bytes, the first of them {first:X2}");
        }

        return ids;
    }

    private void CheckDense()
    {
        int missing = 0;
        int first = -1;
        for (int id = _bytes.Count - 1; id >= 0; id--)
        {
            if (_bytes[id] is null)
            {
                missing++;
                first = id;
            }
        }

        if (missing > 0)
        {
            _problems.Add(
                $"{missing} of the ids 0 to {_bytes.Count - 1} name nothing, the first of them {first}; expected none");
        }
    }

    private bool Place(int id, byte[] bytes)
    {
        while (_bytes.Count <= id)
            _bytes.Add(null);
        if (_bytes[id] is not null)
            return false;
        _bytes[id] = bytes;
        return true;
    }

    private bool TooMany()
    {
        if (_problems.Count < MostProblems)
            return false;
        if (_problems.Count == MostProblems)
            _problems.Add("and perhaps more");
        return true;
    }

    private static bool TryReadId(JsonElement value, out int id)
    {
        id = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out id) && id is >= 0 and <= LargestId;
    }

    private static bool TryReadBytes(string token, out byte[] bytes)
    {
        bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!ByteAlphabet.TryGetByte(token[i], out bytes[i]))
                return false;
        }

        return token.Length > 0;
    }

    private static string Gives(JsonProperty entry) =>
        $"model.vocab gives {Quote(entry.Name)} the id {TensorNameSet.Printable(entry.Value.GetRawText())}";

    private static string Quote(string text) => $"\"{TensorNameSet.Printable(text)}\"";
}
