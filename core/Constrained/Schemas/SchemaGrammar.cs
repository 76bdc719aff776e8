using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>
/// A JSON Schema as a grammar: whatever it lets through satisfies the schema (oneOf counts as anyOf). It need not let
/// through everything that does: members come in the schema's order, what is not mentioned is not written, a schema that
/// speaks of objects alone means objects, and strings with a pattern are written in their shortest form.
/// </summary>
internal sealed partial class SchemaGrammar
{
    private readonly GrammarBuilder _builder;
    private readonly SchemaValues _values;
    private readonly Dictionary<string, int> _ruleOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Queue<(int Rule, IReadOnlyList<SchemaPlace> Together)> _open = new();

    /// <summary>Adds rules for parts of a schema to a grammar.</summary>
    /// <param name="root">The schema into which references point.</param>
    /// <param name="builder">The grammar.</param>
    /// <param name="json">Its shared rules.</param>
    public SchemaGrammar(JsonElement root, GrammarBuilder builder, JsonRules json)
    {
        (_builder, Json) = (builder, json);
        Reader = new SchemaReader(root);
        _values = new SchemaValues(Reader);
    }

    /// <summary>What the schema says.</summary>
    public SchemaReader Reader { get; }

    private JsonRules Json { get; }

    /// <summary>The grammar of a whole schema's values; white space may come before them.</summary>
    /// <exception cref="GrammarException">The schema is not well formed, not implemented, too large, or has no
    /// answer.</exception>
    public static Grammar Of(JsonElement schema)
    {
        var builder = new GrammarBuilder();
        var json = new JsonRules(builder);
        int root = builder.NewRule(), begin = builder.NewState();
        json.Space(builder.Rules[root].First, begin);
        var rules = new SchemaGrammar(schema, builder, json);
        builder.Call(begin, rules.RuleOf([new SchemaPlace(schema, "#")]), builder.Rules[root].Last);
        rules.Complete();
        return builder.Build(root);
    }

    /// <summary>The rule for values that satisfy some schemas together; <see cref="Complete"/> fills it.</summary>
    public int RuleOf(IReadOnlyList<SchemaPlace> together)
    {
        var pointers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (SchemaPlace place in together)
            pointers.Add(place.Pointer);
        string key = string.Join('\n', pointers);
        if (_ruleOf.TryGetValue(key, out int rule))
            return rule;
        rule = _builder.NewRule();
        _ruleOf.Add(key, rule);
        _open.Enqueue((rule, together));
        return rule;
    }

    /// <summary>Fills the rules that were asked for, and those that they ask for.</summary>
    public void Complete()
    {
        while (_open.TryDequeue(out (int Rule, IReadOnlyList<SchemaPlace> Together) next))
        {
            string pointer = next.Together.Count > 0 ? next.Together[0].Pointer : "#";
            Guard(pointer, () =>
            {
                foreach (SchemaShape shape in Reader.Alternatives(next.Together))
                    Value(shape, _builder.Rules[next.Rule].First, _builder.Rules[next.Rule].Last);
            });
        }
    }

    /// <summary>Does something about one schema; what goes wrong names it.</summary>
    public static void Guard(string pointer, Action act)
    {
        try
        {
            act();
        }
        catch (GrammarException wrong) when (!wrong.Location.StartsWith('#'))
        {
            throw new GrammarException(pointer, $"{pointer}: {wrong.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new GrammarException(pointer, $"{pointer}: a text in it holds half a surrogate pair, of which no text can be made");
        }
    }

    /// <summary>Adds the values of one alternative between two states.</summary>
    public void Value(SchemaShape shape, int from, int to)
    {
        if (shape.Listed.Count > 0)
        {
            var texts = new List<string>();
            foreach (JsonElement value in _values.Of(shape))
                texts.Add(Write(value));
            _builder.OneOf(from, texts, to);
            return;
        }

        JsonKinds kinds = shape.Wanted;
        if (kinds.HasFlag(JsonKinds.Null))
            _builder.OneOf(from, ["null"], to);
        if (kinds.HasFlag(JsonKinds.Boolean))
            _builder.OneOf(from, ["false", "true"], to);
        if ((kinds & (JsonKinds.Integer | JsonKinds.Fraction)) != JsonKinds.None)
            _builder.Call(from, NumberRule(shape, isWhole: !kinds.HasFlag(JsonKinds.Fraction)), to);
        if (kinds.HasFlag(JsonKinds.String))
            Text(shape, from, to);
        if (kinds.HasFlag(JsonKinds.Array))
            Array(shape, from, to);
        if (kinds.HasFlag(JsonKinds.Object))
            Object(shape, from, to);
    }

    private int NumberRule(SchemaShape shape, bool isWhole)
    {
        isWhole |= shape.Divisors.Count > 0;
        string key = string.Create(
            CultureInfo.InvariantCulture, $"{isWhole} {shape.Least} {shape.Most} {string.Join(',', shape.Divisors)}");
        if (_numbers.TryGetValue(key, out int rule))
            return rule;
        rule = _builder.NewRule();
        _numbers.Add(key, rule);
        CharAutomaton automaton = NumberForms.Of(isWhole, shape.Least, shape.Most, shape.Divisors);
        TextStates.Add(_builder, automaton, _builder.Rules[rule].First, _builder.Rules[rule].Last, TextForm.Raw);
        return rule;
    }

    private void Text(SchemaShape shape, int from, int to)
    {
        if (shape.Length.IsEmpty)
            return;
        if (Pattern(shape) is not { } pattern)
        {
            if (shape.Length == CountRange.Any)
                _builder.Call(from, Json.Text, to);
            else
                Json.Quoted(from, to, shape.Length);
            return;
        }

        int close = _builder.NewState();
        TextStates.Add(_builder, pattern, _builder.Literal(from, "\""u8), close, TextForm.Json);
        _builder.Bytes(close, (byte)'"', (byte)'"', to);
    }

    /// <summary>All that strings must match, their length included; null when there is no pattern.</summary>
    public static CharAutomaton? Pattern(SchemaShape shape)
    {
        CharAutomaton? all = null;
        foreach (CharAutomaton pattern in shape.Patterns)
            all = all?.And(pattern) ?? pattern;
        if (all is null || shape.Length == CountRange.Any)
            return all;
        return all.And(OfLength(shape.Length));
    }

    /// <summary>Texts of so many characters.</summary>
    public static CharAutomaton OfLength(CountRange length) =>
        CharAutomaton.Of(new RegexNode.Repeat(new RegexNode.Chars(CharSet.All), length.Least, length.Most));

    /// <summary>The listed values of one alternative that its other conditions leave.</summary>
    public List<JsonElement> Values(SchemaShape shape) => _values.Of(shape);

    /// <summary>A value in its shortest form.</summary>
    public static string Write(JsonElement value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(
            stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            value.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
