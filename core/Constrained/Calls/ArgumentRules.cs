using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Schemas;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Calls;

/// <summary>
/// The arguments of one function as pairs of tags. What makes JSON of them again decides by the schema whether a text is
/// a string, so a string that would be read as something else is not let through.
/// </summary>
internal sealed class ArgumentRules
{
    private readonly GrammarBuilder _builder;
    private readonly JsonRules _json;
    private readonly ToolSchemas _tools;
    private readonly string _function;
    private readonly JsonElement _parameters;
    private readonly SchemaGrammar _schema;

    /// <param name="builder">The grammar.</param>
    /// <param name="json">Its shared rules.</param>
    /// <param name="tools">All tools.</param>
    /// <param name="function">The function.</param>
    public ArgumentRules(GrammarBuilder builder, JsonRules json, ToolSchemas tools, string function)
    {
        (_builder, _json, _tools, _function) = (builder, json, tools, function);
        _parameters = tools.Parameters[function];
        _schema = new SchemaGrammar(_parameters, builder, json);
    }

    /// <summary>Adds arguments that satisfy the function's schema between two states.</summary>
    /// <exception cref="GrammarException">The schema cannot be held to.</exception>
    public void Add(int from, int to)
    {
        if (_parameters.ValueKind == JsonValueKind.Undefined)
        {
            _builder.Empty(from, to);
            return;
        }

        try
        {
            SchemaPlace whole = new(_parameters, "#");
            SchemaGrammar.Guard("#", () => AddAll(whole, from, to));
            _schema.Complete();
        }
        catch (GrammarException wrong)
        {
            throw new GrammarException(wrong.Location, $"the parameters of '{_function}': {wrong.Message}");
        }
    }

    /// <summary>Adds any arguments between two states.</summary>
    public static void AddFree(GrammarBuilder builder, JsonRules json, int from, int to)
    {
        GrammarRule argument = builder.Rules[builder.NewRule()];
        int number = builder.Rules.Count - 1, key = builder.NewState(), keyed = builder.NewState();
        builder.Tag(argument.First, OutputTag.KeyOpen, key);
        TextStates.Add(builder, ReadBack.Keys, key, keyed, TextForm.Raw);
        AddFreeText(builder, json, OpenValue(builder, keyed), argument.Last);
        builder.Repeat(from, number, 0, GrammarEdge.NoEnd, to);
    }

    /// <exception cref="GrammarException">What reads calls would not find the name again: it cuts white space around it, and
    /// takes no name for one that is too long.</exception>
    public static void RequireWritable(string name)
    {
        if (name.Length is 0 or > ToolCall.LongestName || name.Trim() != name)
        {
            throw new GrammarException(
                "", $"the name '{name}' cannot be written in a call: it is empty, longer than {ToolCall.LongestName} "
                + "characters, or has white space around it");
        }
    }

    private void AddAll(SchemaPlace whole, int from, int to)
    {
        foreach (SchemaShape shape in _schema.Reader.Alternatives([whole]))
        {
            if (!shape.Wanted.HasFlag(JsonKinds.Object) || shape.Members.IsEmpty)
                continue;
            if (shape.Listed.Count > 0)
                throw new GrammarException("", "enum and const for all arguments together are not implemented");
            var form = ObjectForm.Of(shape, _schema.Reader);
            if (form.Members.Count > 0)
                SchemaGrammar.RequireFreeCount(shape, form);
            AddMembers(shape, form, from, to);
        }
    }

    /// <summary>Named ones in order, each optional one written or not, then others.</summary>
    private void AddMembers(SchemaShape shape, ObjectForm form, int from, int to)
    {
        foreach (ObjectMember member in form.Members)
        {
            int next = _builder.NewState(), key = _builder.NewState();
            _builder.Tag(from, OutputTag.KeyOpen, key);
            RequireWritable(member.Name);
            AddValue(member, OpenValue(_builder, _builder.AfterEach(key, [member.Name])[0]), next);
            if (!member.IsRequired)
                _builder.Empty(from, next);
            from = next;
        }

        CountRange counts = form.Members.Count > 0 ? CountRange.Any : shape.Members;
        if (form.IsOpen)
            _builder.Repeat(from, Other(form), counts.Least, counts.Most ?? GrammarEdge.NoEnd, to);
        else if (counts.Least == 0)
            _builder.Empty(from, to);
    }

    /// <summary>The rule of an argument whose name the schema does not know.</summary>
    private int Other(ObjectForm form)
    {
        if (form.Keys is { } keys)
            throw keys.Wrong("", "propertyNames is not implemented for arguments");
        var names = new List<string>();
        foreach (ObjectMember known in form.Members)
            names.Add(known.Name);
        CharAutomaton automaton = ReadBack.Keys.And(CharAutomaton.AllBut(names));
        if (form.Pattern?.Pattern is { } pattern)
            automaton = automaton.And(pattern);
        GrammarRule rule = _builder.Rules[_builder.NewRule()];
        int number = _builder.Rules.Count - 1, key = _builder.NewState(), keyed = _builder.NewState();
        _builder.Tag(rule.First, OutputTag.KeyOpen, key);
        TextStates.Add(_builder, automaton, key, keyed, TextForm.Raw);
        ArgumentType type = _tools.TypeOf(_function, "");
        AddValue(form.Others(), form.Pattern is null ? type : ArgumentType.Unknown, OpenValue(_builder, keyed), rule.Last);
        return number;
    }

    private static int OpenValue(GrammarBuilder builder, int keyed)
    {
        int between = builder.NewState(), value = builder.NewState();
        builder.Tag(keyed, OutputTag.KeyClose, between);
        builder.Tag(between, OutputTag.ValueOpen, value);
        return value;
    }

    private void AddValue(ObjectMember member, int from, int to) =>
        AddValue(member.Value, _tools.TypeOf(_function, member.Name), from, to);

    /// <summary>Adds a value and its closing tag.</summary>
    private void AddValue(IReadOnlyList<SchemaPlace> together, ArgumentType type, int from, int to)
    {
        int close = _builder.NewState();
        _builder.Tag(close, OutputTag.ValueClose, to);
        SchemaGrammar.Guard(together.Count > 0 ? together[0].Pointer : "#", () =>
        {
            foreach (SchemaShape shape in _schema.Reader.Alternatives(together))
                AddShape(shape, type, from, close, to);
        });
    }

    private void AddShape(SchemaShape shape, ArgumentType type, int from, int close, int to)
    {
        if (shape.Listed.Count > 0)
        {
            _builder.OneOf(from, Listed(shape, type), close);
            return;
        }

        if (shape.Wanted.HasFlag(JsonKinds.String) && !shape.Length.IsEmpty)
            AddText(shape, type, from, close, to);
        SchemaShape others = shape.Copy();
        others.Kinds &= ~JsonKinds.String;
        _schema.Value(others, from, close);
    }

    /// <summary>The listed values that read back as themselves.</summary>
    private List<string> Listed(SchemaShape shape, ArgumentType type)
    {
        var texts = new List<string>();
        foreach (JsonElement value in _schema.Values(shape))
        {
            string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : SchemaGrammar.Write(value);
            using var read = JsonDocument.Parse(
                type.Kinds == JsonKinds.String ? JsonText.Quote(text) : ArgumentValue.ToJson(text, type));
            if (JsonElement.DeepEquals(read.RootElement, value))
                texts.Add(text);
        }

        return texts;
    }

    private void AddText(SchemaShape shape, ArgumentType type, int from, int close, int to)
    {
        CharAutomaton? pattern = SchemaGrammar.Pattern(shape);
        if (type.Kinds == JsonKinds.String && pattern is null && shape.Length == CountRange.Any)
        {
            AddFreeText(_builder, _json, from, to);
        }
        else if (type.Kinds == JsonKinds.String && pattern is null)
        {
            _builder.Repeat(from, _json.RawCharacter, shape.Length.Least, shape.Length.Most ?? GrammarEdge.NoEnd, close);
        }
        else
        {
            CharAutomaton text = ReadBack.Strings(type.Kinds);
            text = pattern is not null ? text.And(pattern)
                : shape.Length == CountRange.Any ? text
                : text.And(SchemaGrammar.OfLength(shape.Length));
            TextStates.Add(_builder, text, from, close, TextForm.Raw);
        }
    }

    /// <summary>Any text and the closing tag of its value. Inside of a value other tags are text.</summary>
    private static void AddFreeText(GrammarBuilder builder, JsonRules json, int from, int to)
    {
        int text = builder.NewState();
        builder.Empty(from, text);
        builder.Repeat(text, json.RawCharacter, 1, GrammarEdge.NoEnd, text);
        for (int tag = 0; tag < OutputTags.Count; tag++)
        {
            if ((OutputTag)tag is not (OutputTag.ValueClose or OutputTag.CallClose))
                builder.Tag(text, (OutputTag)tag, text);
        }

        builder.Tag(text, OutputTag.ValueClose, to);
    }
}
