using System.Collections.Frozen;

namespace Glm5.Core.Chat.Jinja;

/// <summary>The methods of Python's dict, list and tuple that change nothing.</summary>
internal static class CollectionMethods
{
    private static readonly FrozenDictionary<string, Operation> s_mapping = OperationTable.Of(
        new("items", 0, [], static (run, s, _) => Items(run, (Mapping)s)),
        new("keys", 0, [], static (run, s, _) => new Sequence(Iteration.Items(run, s))),
        new("values", 0, [], static (run, s, _) => Values(run, (Mapping)s)),
        new("copy", 0, [], static (_, s, _) => s),
        new("get", 1, ["key", "default"], static (_, s, a) =>
            ((Mapping)s).Find(a.Required(0)) ?? a[1] ?? None.Instance));

    private static readonly FrozenDictionary<string, Operation> s_sequence = OperationTable.Of(
        new("copy", 0, [], static (_, s, _) => s),
        new("count", 1, ["value"], static (run, s, a) => Integer.Of(Count(run, (Sequence)s, a.Required(0)))),
        new("index", 1, ["value"], static (run, s, a) => Integer.Of(Index(run, (Sequence)s, a.Required(0)))));

    public static Operation? Find(Value subject, string name) => subject switch
    {
        Mapping => s_mapping.GetValueOrDefault(name),
        Sequence { IsTuple: true } when name == "copy" => null,
        _ => s_sequence.GetValueOrDefault(name),
    };

    public static Sequence Items(Interpreter run, Mapping mapping)
    {
        run.Step(mapping.Entries.Count);
        Value[] items = new Value[mapping.Entries.Count];
        int index = 0;
        foreach ((Value key, Value value) in mapping.Entries)
        {
            items[index++] = Sequence.Tuple(key, value);
        }

        return new Sequence(items);
    }

    private static Sequence Values(Interpreter run, Mapping mapping)
    {
        run.Step(mapping.Entries.Count);
        return new Sequence([.. mapping.Entries.Values]);
    }

    private static int Count(Interpreter run, Sequence sequence, Value value)
    {
        int count = 0;
        foreach (Value item in sequence.Items)
        {
            count += Operators.AreEqual(run, item, value) ? 1 : 0;
        }

        return count;
    }

    private static int Index(Interpreter run, Sequence sequence, Value value)
    {
        int index = Operators.IndexOf(run, sequence.Items, value);
        return index >= 0 ? index : throw new RenderFault("the value is not in the list");
    }
}
