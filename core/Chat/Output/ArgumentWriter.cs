using System.Text;

namespace Glm5.Core.Chat.Output;

/// <summary>
/// Writes the arguments of one call as a JSON object in stretches: strings as they come, everything else once at its
/// close, in the order of the keys. A key that comes again is passed over, since what was sent cannot be taken back.
/// </summary>
internal sealed class ArgumentWriter(ToolSchemas tools, string function, int call)
{
    private const JsonKinds NullableString = JsonKinds.String | JsonKinds.Null;

    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly StringBuilder _waiting = new();
    private ArgumentType _type = ArgumentType.Unknown;
    private string _key = "";
    private bool _streams;
    private bool _skips;

    /// <summary>Opens the value of a key.</summary>
    public void Begin(string key, List<OutputPart> into)
    {
        _skips = _keys.Contains(key);
        if (_skips)
            return;

        _key = key;
        _type = tools.TypeOf(function, key);
        _streams = _type.Kinds == JsonKinds.String;
        if (_streams)
            Emit(Opening().Append('"'), into);
    }

    /// <summary>Takes a stretch of the value's text.</summary>
    public void Append(string text, List<OutputPart> into)
    {
        if (_skips)
            return;
        if (_streams)
        {
            Emit(new StringBuilder().AppendEscaped(text), into);
            return;
        }

        _waiting.Append(text);
        if (_type.Kinds == NullableString && !MayBecomeNull())
        {
            _streams = true;
            Emit(Opening().Append('"').AppendEscaped(TakeWaiting()), into);
        }
    }

    /// <summary>Closes the value.</summary>
    public void End(List<OutputPart> into)
    {
        if (_skips)
            return;
        if (_streams)
            Emit(new StringBuilder("\""), into);
        else
            Emit(Opening().Append(ArgumentValue.ToJson(TakeWaiting(), _type)), into);
        _streams = false;
    }

    /// <summary>
    /// Closes a value that was cut off: a string as far as it came; half a number or list would be another value and is
    /// left out.
    /// </summary>
    public void Cut(List<OutputPart> into)
    {
        if (_streams || (_type.Kinds == NullableString && !_skips))
            End(into);
    }

    /// <summary>Closes the object.</summary>
    public void Close(List<OutputPart> into) => Emit(new StringBuilder(_keys.Count == 0 ? "{}" : "}"), into);

    /// <summary>The stretch up to the value; from here on the key is used.</summary>
    private StringBuilder Opening()
    {
        StringBuilder opening = new(_keys.Count == 0 ? "{\"" : ",\"");
        _keys.Add(_key);
        return opening.AppendEscaped(_key).Append("\":");
    }

    private bool MayBecomeNull()
    {
        const string Null = "null";
        return _waiting.Length <= Null.Length && Null.StartsWith(_waiting.ToString(), StringComparison.Ordinal);
    }

    private string TakeWaiting()
    {
        string text = _waiting.ToString();
        _waiting.Clear();
        return text;
    }

    private void Emit(StringBuilder text, List<OutputPart> into)
    {
        if (text.Length > 0)
            into.Add(new OutputPart(OutputKind.ToolCallArguments, text.ToString(), call));
    }
}
