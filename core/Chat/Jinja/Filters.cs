using System.Collections.Frozen;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Jinja's filters, as far as chat templates use them, and Hugging Face's tojson.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Operation> s_filters = OperationTable.Of(
        new("tojson", 0, ["ensure_ascii", "indent", "separators", "sort_keys"], ToJson),
        new("string", 0, [], static (run, v, _) => Printing.ToText(run, v)),
        new("safe", 0, [], static (run, v, _) => Printing.ToText(run, v)),
        new("trim", 0, ["chars"], static (run, v, a) =>
            StringMethods.Strip(Printing.ToText(run, v), a.Text(0), start: true, end: true)),
        new("upper", 0, [], static (run, v, _) => Method(run, v, "upper")),
        new("lower", 0, [], static (run, v, _) => Method(run, v, "lower")),
        new("capitalize", 0, [], static (run, v, _) => Method(run, v, "capitalize")),
        new("title", 0, [], TextFilters.Title),
        new("replace", 2, ["old", "new", "count"], TextFilters.Replace),
        new("indent", 0, ["width", "first", "blank"], TextFilters.Indent),
        new("escape", 0, [], TextFilters.Escape),
        new("e", 0, [], TextFilters.Escape),
        new("format", null, static (run, v, a) => Formatting.Apply(run, Printing.ToText(run, v), a)),
        new("int", 0, ["default", "base"], NumberFilters.ToInteger),
        new("float", 0, ["default"], NumberFilters.ToFloat),
        new("abs", 0, [], NumberFilters.Absolute),
        new("round", 0, ["precision", "method"], NumberFilters.Round),
        new("default", 0, ["default_value", "boolean"], Default),
        new("d", 0, ["default_value", "boolean"], Default),
        new("length", 0, [], static (_, v, _) => Integer.Of(Iteration.Length(v))),
        new("count", 0, [], static (_, v, _) => Integer.Of(Iteration.Length(v))),
        new("list", 0, [], static (run, v, _) => new Sequence(Iteration.Items(run, v))),
        new("items", 0, [], SequenceFilters.Items),
        new("dictsort", 0, ["case_sensitive", "by", "reverse"], SequenceFilters.DictSort),
        new("first", 0, [], static (run, v, _) => SequenceFilters.End(run, v, last: false)),
        new("last", 0, [], static (run, v, _) => SequenceFilters.End(run, v, last: true)),
        new("join", 0, ["d", "attribute"], SequenceFilters.Join),
        new("reverse", 0, [], SequenceFilters.Reverse),
        new("sort", 0, ["reverse", "case_sensitive", "attribute"], SequenceFilters.Sort),
        new("unique", 0, ["case_sensitive", "attribute"], SequenceFilters.Unique),
        new("sum", 0, ["attribute", "start"], SequenceFilters.Sum),
        new("min", 0, ["case_sensitive", "attribute"], static (run, v, a) => SequenceFilters.Extreme(run, v, a, ">")),
        new("max", 0, ["case_sensitive", "attribute"], static (run, v, a) => SequenceFilters.Extreme(run, v, a, "<")),
        new("map", null, Selection.Map),
        new("select", null, static (run, v, a) => Selection.Select(run, v, a, keeps: true, byAttribute: false)),
        new("reject", null, static (run, v, a) => Selection.Select(run, v, a, keeps: false, byAttribute: false)),
        new("selectattr", null, static (run, v, a) => Selection.Select(run, v, a, keeps: true, byAttribute: true)),
        new("rejectattr", null, static (run, v, a) => Selection.Select(run, v, a, keeps: false, byAttribute: true)));

    public static Operation? Find(string name) => s_filters.GetValueOrDefault(name);

    private static Value Method(Interpreter run, Value value, string name) =>
        StringMethods.Find(name)!.Apply(run, Printing.ToText(run, value), Arguments.None);

    private static Value Default(Interpreter run, Value value, Arguments arguments) =>
        value is Undefined || (arguments.Flag(1, false) && !value.IsTrue) ? arguments[0] ?? Text.Empty : value;

    private static Text ToJson(Interpreter run, Value value, Arguments arguments)
    {
        string? indent = arguments[1] switch
        {
            null or None => null,
            Text text => text.Chars,
            _ => new string(' ', Math.Clamp(arguments.Integer(1, 0), 0, TextFilters.WidestIndent)),
        };
        Value[] separators = arguments[2] switch
        {
            null or None => [Text.Trusted(indent is null ? ", " : ","), Text.Trusted(": ")],
            { } given => Iteration.Items(run, given),
        };
        if (separators is not [Text items, Text keys])
        {
            throw new RenderFault("tojson's separators must be two strings");
        }

        return new PythonJson(run)
        {
            EnsureAscii = arguments.Flag(0, false),
            Indent = indent,
            ItemSeparator = items.Chars,
            KeySeparator = keys.Chars,
            SortKeys = arguments.Flag(3, false),
        }.Write(value);
    }
}
