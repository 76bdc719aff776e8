namespace Glm5.Core.Chat.Jinja;

/// <summary>The filters that apply another filter or a test, named by a string, to each element.</summary>
internal static class Selection
{
    /// <summary>
    /// map: by a filter's name and its arguments, or by <c>attribute=</c> with an optional <c>default=</c>.
    /// </summary>
    public static Value Map(Interpreter run, Value value, Arguments arguments)
    {
        Value[] items = Elements(run, value);
        Value[] mapped = new Value[items.Length];
        if (arguments.Count == 0)
        {
            Value path = arguments.FindNamed("attribute") ?? throw new RenderFault("map requires a filter argument");
            Value? standIn = arguments.FindNamed("default");
            for (int i = 0; i < mapped.Length; i++)
            {
                Value found = Members.Path(run, items[i], path);
                mapped[i] = found is Undefined && standIn is not null ? standIn : found;
            }

            return new Sequence(mapped);
        }

        string name = arguments.RequiredText(0).Chars;
        Operation filter = Filters.Find(name) ?? throw new RenderFault($"No filter named '{PythonText.Shown(name)}'.");
        Arguments rest = arguments.After(1);
        for (int i = 0; i < mapped.Length; i++)
        {
            run.Enter();
            mapped[i] = filter.Apply(run, items[i], rest);
            run.Leave();
        }

        return new Sequence(mapped);
    }

    /// <summary>
    /// select, reject, selectattr, rejectattr: by a test's name and its arguments; without one, by truth.
    /// </summary>
    public static Value Select(Interpreter run, Value value, Arguments arguments, bool keeps, bool byAttribute)
    {
        Value? path = byAttribute
            ? arguments[0] ?? throw new RenderFault("Missing parameter for attribute name")
            : null;
        Arguments rest = byAttribute ? arguments.After(1) : arguments;
        Test? test = null;
        if (rest.Count > 0)
        {
            string name = rest.RequiredText(0).Chars;
            test = Tests.Find(name) ?? throw new RenderFault($"No test named '{PythonText.Shown(name)}'.");
            rest = rest.After(1);
        }

        List<Value> kept = [];
        foreach (Value item in Elements(run, value))
        {
            run.Step();
            Value judged = path is null ? item : Members.Path(run, item, path);
            if ((test is null ? judged.IsTrue : test.Holds(run, judged, rest)) == keeps)
            {
                kept.Add(item);
            }
        }

        return new Sequence([.. kept]);
    }

    /// <summary>These filters take whatever is false for empty.</summary>
    private static Value[] Elements(Interpreter run, Value value) => value.IsTrue ? Iteration.Items(run, value) : [];
}
