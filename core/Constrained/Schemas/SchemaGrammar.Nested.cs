using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Automaton;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <content>Arrays and objects.</content>
internal sealed partial class SchemaGrammar
{
    private void Array(SchemaShape shape, int from, int to)
    {
        if (shape.Items.IsEmpty)
            return;
        var form = ArrayForm.Of(shape);
        (int least, int? most) = (shape.Items.Least, shape.Items.Most);
        if (!form.IsOpen)
            most = Math.Min(most ?? int.MaxValue, Math.Max(form.First.Count, least));
        int at = Json.Then(from, "[");
        if (least == 0)
            _builder.Bytes(at, (byte)']', (byte)']', to);
        if (most == 0)
            return;

        int written = 0, named = Math.Max(1, form.First.Count);
        for (; written < named && written != most; written++)
        {
            if (written > 0 && written >= least)
                Json.Close(at, "]", to);
            int item = written == 0 ? at : Json.Then(at, ",");
            at = _builder.NewState();
            _builder.Call(item, RuleOf(form.At(written)), at);
        }

        int end = _builder.NewState();
        _builder.Repeat(
            at, Another(RuleOf(form.At(named))), Math.Max(0, least - written),
            most is { } bound ? bound - written : GrammarEdge.NoEnd, end);
        Json.Close(end, "]", to);
    }

    /// <summary>The rule of a comma and a value of a rule.</summary>
    private int Another(int rule)
    {
        int another = _builder.NewRule();
        _builder.Call(Json.Then(_builder.Rules[another].First, ","), rule, _builder.Rules[another].Last);
        return another;
    }

    private void Object(SchemaShape shape, int from, int to)
    {
        if (shape.Members.IsEmpty)
            return;
        var form = ObjectForm.Of(shape, Reader);
        int inside = Json.Then(from, "{");
        if (form.RequiredCount == 0 && shape.Members.Least == 0)
            _builder.Bytes(inside, (byte)'}', (byte)'}', to);
        if (form.Members.Count > 0)
        {
            RequireFreeCount(shape, form);
            Members(form, inside, to);
        }
        else if (form.IsOpen && shape.Members.Most != 0)
        {
            Map(shape.Members, form, inside, to);
        }
    }

    /// <summary>
    /// Named members in order, each optional one left out or not, then others. Two rows of states: before[i] is where
    /// member i or a later one must be written, after[i] where member i - 1 or an earlier one has been.
    /// </summary>
    private void Members(ObjectForm form, int inside, int to)
    {
        int count = form.Members.Count;
        int[] before = new int[count + 1], after = new int[count + 1];
        for (int i = 0; i <= count; i++)
            (before[i], after[i]) = (i == 0 ? inside : _builder.NewState(), _builder.NewState());
        bool mayEnd = true;
        for (int i = count; i >= 0; i--)
        {
            if (i < count)
            {
                ObjectMember member = form.Members[i];
                _builder.Call(Json.Then(before[i], $"{JsonText.Quote(member.Name)}:"), RuleOf(member.Value), after[i + 1]);
                if (!member.IsRequired)
                    _builder.Empty(before[i], before[i + 1]);
                mayEnd &= !member.IsRequired;
            }

            if (i == 0)
                break;
            _builder.Empty(Json.Then(after[i], ","), before[i]);
            if (mayEnd)
                Json.Close(after[i], "}", to);
        }

        if (form.IsOpen)
            _builder.Call(before[count], OtherMember(form), after[count]);
    }

    /// <summary>Members whose names the schema does not know.</summary>
    private void Map(CountRange range, ObjectForm form, int inside, int to)
    {
        int member = OtherMember(form), first = _builder.NewState(), end = _builder.NewState();
        _builder.Call(inside, member, first);
        _builder.Repeat(
            first, Another(member), Math.Max(0, range.Least - 1), range.Most - 1 ?? GrammarEdge.NoEnd, end);
        Json.Close(end, "}", to);
    }

    private int OtherMember(ObjectForm form)
    {
        int member = _builder.NewRule(), colon = _builder.NewState();
        Key(form, _builder.Rules[member].First, colon);
        _builder.Call(Json.Then(colon, ":"), RuleOf(form.Others()), _builder.Rules[member].Last);
        return member;
    }

    private void Key(ObjectForm form, int from, int to)
    {
        if (form.Keys is { } keys)
        {
            SchemaPlace text = new(JsonElement.Parse("""{"type": "string"}"""u8), $"{keys.Pointer}/(string)");
            foreach (SchemaShape shape in Reader.Alternatives([keys, text]))
                Value(shape, from, to);
            return;
        }

        if (form.Pattern is null && form.Members.Count == 0)
        {
            _builder.Call(from, Json.Text, to);
            return;
        }

        var names = new List<string>();
        foreach (ObjectMember known in form.Members)
            names.Add(known.Name);
        var automaton = CharAutomaton.AllBut(names);
        if (form.Pattern?.Pattern is { } pattern)
            automaton = automaton.And(pattern);
        int close = _builder.NewState();
        TextStates.Add(_builder, automaton, _builder.Literal(from, "\""u8), close, TextForm.Json);
        _builder.Bytes(close, (byte)'"', (byte)'"', to);
    }

    /// <exception cref="GrammarException">The named members would have to be counted.</exception>
    public static void RequireFreeCount(SchemaShape shape, ObjectForm form)
    {
        bool isFree = shape.Members.Least <= form.RequiredCount
            && (shape.Members.Most is not { } most || (most >= form.Members.Count && !form.IsOpen));
        if (!isFree)
        {
            throw new GrammarException(
                "", "minProperties and maxProperties are implemented only for objects without properties, or where they "
                + "follow from properties and required");
        }
    }
}
