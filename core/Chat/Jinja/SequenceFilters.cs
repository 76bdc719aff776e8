namespace Glm5.Core.Chat.Jinja;

/// <summary>Filters over the elements of a value.</summary>
internal static class SequenceFilters
{
    public static Value Items(Interpreter run, Value value, Arguments arguments) => value switch
    {
        Mapping mapping => CollectionMethods.Items(run, mapping),
        Undefined => Sequence.Empty,
        _ => throw new RenderFault("Can only get item pairs from a mapping."),
    };

    public static Value End(Interpreter run, Value value, bool last)
    {
        Value[] items = Iteration.Items(run, value);
        return items.Length == 0
            ? new Undefined($"No {(last ? "last" : "first")} item, sequence was empty.")
            : items[last ? ^1 : 0];
    }

    public static Value Join(Interpreter run, Value value, Arguments arguments)
    {
        Value[] items = By(run, Iteration.Items(run, value), arguments[1]);
        Value[] printed = new Value[items.Length];
        for (int i = 0; i < printed.Length; i++)
        {
            printed[i] = Printing.ToText(run, items[i]);
        }

        Text separator = arguments[0] is { } given ? Printing.ToText(run, given) : Text.Empty;
        return StringMethods.Join(run, separator, new Sequence(printed));
    }

    public static Value Reverse(Interpreter run, Value value, Arguments arguments)
    {
        Value[] reversed = (Value[])Iteration.Items(run, value).Clone();
        Array.Reverse(reversed);
        return value is Text ? StringMethods.Join(run, Text.Empty, new Sequence(reversed)) : new Sequence(reversed);
    }

    public static Value Sort(Interpreter run, Value value, Arguments arguments)
    {
        Value[] sorted = (Value[])Iteration.Items(run, value).Clone();
        Value[] keys = SortKeys(run, sorted, arguments[2], arguments.Flag(1, false));
        Sorting.Sort(run, sorted, keys, arguments.Flag(0, false));
        return new Sequence(sorted);
    }

    public static Value DictSort(Interpreter run, Value value, Arguments arguments)
    {
        if (value is not Mapping mapping)
        {
            throw value is Undefined undefined ? undefined.Fault() : new RenderFault("dictsort needs a mapping");
        }

        string by = arguments.Text(1)?.Chars ?? "key";
        if (by is not ("key" or "value"))
        {
            throw new RenderFault("You can only sort by either \"key\" or \"value\"");
        }

        Value[] pairs = CollectionMethods.Items(run, mapping).Items;
        Value[] keys = SortKeys(run, pairs, Integer.Of(by == "key" ? 0 : 1), arguments.Flag(0, false));
        Sorting.Sort(run, pairs, keys, arguments.Flag(2, false));
        return new Sequence(pairs);
    }

    public static Value Unique(Interpreter run, Value value, Arguments arguments)
    {
        Value[] items = Iteration.Items(run, value);
        Value[] keys = By(run, items, arguments[1], arguments.Flag(0, false));
        HashSet<Value> seen = new(KeyComparer.Instance);
        List<Value> kept = [];
        for (int i = 0; i < items.Length; i++)
        {
            if (!KeyComparer.IsKey(keys[i]))
            {
                throw new RenderFault($"unhashable type: '{keys[i].TypeName}'");
            }

            if (seen.Add(keys[i]))
            {
                kept.Add(items[i]);
            }
        }

        return new Sequence([.. kept]);
    }

    public static Value Sum(Interpreter run, Value value, Arguments arguments)
    {
        Value sum = arguments[1] ?? Integer.Of(0);
        foreach (Value item in By(run, Iteration.Items(run, value), arguments[0]))
        {
            sum = Operators.Apply(run, "+", sum, item);
        }

        return sum;
    }

    /// <summary>min or max: the first element to whose key no other stands in the given relation.</summary>
    public static Value Extreme(Interpreter run, Value value, Arguments arguments, string replacedWhen)
    {
        Value[] items = Iteration.Items(run, value);
        Value[] keys = By(run, items, arguments[1], arguments.Flag(0, false));
        if (items.Length == 0)
        {
            return new Undefined("No aggregated item, sequence was empty.");
        }

        int best = 0;
        for (int i = 1; i < items.Length; i++)
        {
            best = Operators.Compare(run, replacedWhen, keys[best], keys[i]) ? i : best;
        }

        return items[best];
    }

    /// <summary>Several attributes, parted by commas, make a tuple of keys.</summary>
    private static Value[] SortKeys(Interpreter run, Value[] items, Value? attribute, bool caseSensitive)
    {
        if (attribute is not Text { Chars: { } path } || !path.Contains(',', StringComparison.Ordinal))
        {
            return By(run, items, attribute, caseSensitive);
        }

        string[] paths = path.Split(',');
        Value[] keys = new Value[items.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            Value[] parts = new Value[paths.Length];
            for (int j = 0; j < parts.Length; j++)
            {
                Value part = Members.Path(run, items[i], Text.Trusted(paths[j]));
                parts[j] = caseSensitive ? part : Sorting.IgnoringCase(part);
            }

            keys[i] = Sequence.Tuple(parts);
        }

        return keys;
    }

    private static Value[] By(Interpreter run, Value[] items, Value? attribute, bool caseSensitive = true)
    {
        if (attribute is null or None && caseSensitive)
        {
            return items;
        }

        Value[] keys = new Value[items.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            Value key = attribute is null or None ? items[i] : Members.Path(run, items[i], attribute);
            keys[i] = caseSensitive ? key : Sorting.IgnoringCase(key);
        }

        return keys;
    }
}
