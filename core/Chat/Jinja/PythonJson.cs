namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Python's json.dumps. A string's characters, escaped or not, keep their origin; brackets, quotes, numbers and words
/// count as the client's, since it is mostly the client's value that they hold together.
/// </summary>
internal sealed class PythonJson
{
    private readonly Interpreter _run;
    private readonly TextBuilder _output;

    public PythonJson(Interpreter run)
    {
        _run = run;
        _output = run.NewText();
    }

    /// <summary>
    /// Whether characters beyond ASCII are written as escapes. Hugging Face's tojson does not, unless told to.
    /// </summary>
    public bool EnsureAscii { get; init; }

    /// <summary>What each level is indented by; null for everything on one line.</summary>
    public string? Indent { get; init; }

    public string ItemSeparator { get; init; } = ", ";

    public string KeySeparator { get; init; } = ": ";

    public bool SortKeys { get; init; }

    /// <exception cref="RenderFault">The value or something in it has no JSON.</exception>
    public Text Write(Value value)
    {
        Write(value, 0);
        return _run.Charged(_output.ToText());
    }

    private void Write(Value value, int level)
    {
        _run.Enter();
        switch (value)
        {
            case Text text:
                WriteString(text);
                break;
            case Sequence sequence:
                WriteSequence(sequence, level);
                break;
            case Mapping mapping:
                WriteMapping(mapping, level);
                break;
            default:
                _output.AppendClient(Scalar(value)
                    ?? throw new RenderFault($"Object of type {value.TypeName} is not JSON serializable"));
                break;
        }

        _run.Leave();
    }

    private static string? Scalar(Value value) => value switch
    {
        None => "null",
        Truth truth => truth.IsTrue ? "true" : "false",
        Integer integer => integer.Number.ToString(),
        Float { Number: double.PositiveInfinity } => "Infinity",
        Float { Number: double.NegativeInfinity } => "-Infinity",
        Float { Number: double.NaN } => "NaN",
        Float number => PythonNumbers.Representation(number.Number),
        _ => null,
    };

    private void WriteSequence(Sequence sequence, int level)
    {
        if (sequence.Items.Length == 0)
        {
            _output.AppendClient("[]");
            return;
        }

        _output.AppendClient("[");
        for (int i = 0; i < sequence.Items.Length; i++)
        {
            StartItem(i == 0, level + 1);
            Write(sequence.Items[i], level + 1);
        }

        BreakLine(level);
        _output.AppendClient("]");
    }

    private void WriteMapping(Mapping mapping, int level)
    {
        if (mapping.Entries.Count == 0)
        {
            _output.AppendClient("{}");
            return;
        }

        _output.AppendClient("{");
        bool isFirst = true;
        foreach (Value key in Keys(mapping))
        {
            StartItem(isFirst, level + 1);
            isFirst = false;
            WriteString(key as Text ?? Text.Client(Scalar(key)!));
            _output.AppendClient(KeySeparator);
            Write(mapping.Entries[key], level + 1);
        }

        BreakLine(level);
        _output.AppendClient("}");
    }

    private Value[] Keys(Mapping mapping)
    {
        Value[] keys = [.. mapping.Entries.Keys];
        if (SortKeys)
        {
            Sorting.Sort(_run, keys, keys, descending: false);
        }

        return keys;
    }

    private void StartItem(bool isFirst, int level)
    {
        _output.AppendClient(isFirst ? "" : ItemSeparator);
        BreakLine(level);
    }

    private void BreakLine(int level)
    {
        if (Indent is null)
        {
            return;
        }

        _output.AppendClient("\n");
        for (int i = 0; i < level; i++)
        {
            _output.AppendClient(Indent);
        }
    }

    private void WriteString(Text text)
    {
        _output.AppendClient("\"");
        string chars = text.Chars;
        int plain = 0;
        for (int at = 0; at < chars.Length; at++)
        {
            if (Escape(chars[at]) is { } escape)
            {
                _output.Append(text, plain, at - plain);
                _output.AppendFor(text, at, escape);
                plain = at + 1;
            }
        }

        _output.Append(text, plain, chars.Length - plain);
        _output.AppendClient("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when EnsureAscii => $"\\u{(int)c:x4}",
        _ => null,
    };
}
