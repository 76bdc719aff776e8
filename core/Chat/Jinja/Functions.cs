using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// What a template can call besides its own macros: Jinja's functions, and the two that Hugging Face adds.
/// </summary>
internal static class Functions
{
    /// <summary>Puts them into the outermost scope of a rendering.</summary>
    public static void Define(Scope scope)
    {
        Define(scope, "raise_exception", 1, ["message"], static (run, a) =>
            throw new RenderFault(Printing.ToText(run, a.Required(0)).Chars));
        Define(scope, "strftime_now", 1, ["format"], static (run, a) =>
            Strftime.Format(run, a.RequiredText(0), run.Clock.GetLocalNow()));
        Define(scope, "range", 1, ["start", "stop", "step"], Range);
        scope.Set("namespace", new Function("namespace", null, NewNamespace));
        scope.Set("dict", new Function("dict", null, static (run, a) => new Mapping(Entries(run, "dict", a))));
    }

    private static void Define(
        Scope scope, string name, int required, string[] parameters, Func<Interpreter, Arguments, Value> body) =>
        scope.Set(name, new Function(name, new Signature(name, required, parameters), body));

    private static Sequence Range(Interpreter run, Arguments arguments)
    {
        BigInteger first = Bound(arguments.Required(0));
        BigInteger start = arguments.Count > 1 ? first : 0;
        BigInteger stop = arguments[1] is { } given ? Bound(given) : first;
        BigInteger step = arguments[2] is { } stride ? Bound(stride) : 1;
        if (step.IsZero)
        {
            throw new RenderFault("range() arg 3 must not be zero");
        }

        BigInteger span = step.Sign > 0 ? stop - start : start - stop;
        BigInteger count = span.Sign <= 0 ? 0 : (span + BigInteger.Abs(step) - 1) / BigInteger.Abs(step);
        if (count > run.Bounds.RangeLength)
        {
            throw new RenderFault($"a range has more than the bound of {run.Bounds.RangeLength} elements");
        }

        run.Step((long)count);
        Value[] numbers = new Value[(int)count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Integer.Of(start + (i * step));
        }

        return new Sequence(numbers);
    }

    private static BigInteger Bound(Value value) => Operators.Integral(value)
        ?? throw new RenderFault($"'{value.TypeName}' object cannot be interpreted as an integer");

    private static Namespace NewNamespace(Interpreter run, Arguments arguments)
    {
        Dictionary<string, Value> attributes = new(StringComparer.Ordinal);
        foreach ((Value key, Value value) in Entries(run, "namespace", arguments))
        {
            attributes[Printing.ToText(run, key).Chars] = value;
        }

        return new Namespace(attributes);
    }

    /// <summary>What dict and namespace take: a dict or pairs, and then keywords.</summary>
    private static OrderedDictionary<Value, Value> Entries(Interpreter run, string name, Arguments arguments)
    {
        OrderedDictionary<Value, Value> entries = Mapping.NewEntries();
        if (arguments.Count > 1)
        {
            throw new RenderFault($"{name} expected at most 1 argument, got {arguments.Count}");
        }

        Sequence pairs = arguments[0] switch
        {
            null => Sequence.Empty,
            Mapping mapping => CollectionMethods.Items(run, mapping),
            { } value => new Sequence(Iteration.Items(run, value)),
        };
        foreach (Value pair in pairs.Items)
        {
            Value[] parts = Iteration.Items(run, pair);
            if (parts.Length != 2 || !KeyComparer.IsKey(parts[0]))
            {
                throw new RenderFault($"{name} expected pairs of a key and a value");
            }

            entries[parts[0]] = parts[1];
        }

        foreach (NamedValue argument in arguments.Named)
        {
            entries[Text.Trusted(argument.Name)] = argument.Value;
        }

        return entries;
    }

    private sealed class Function(string name, Signature? signature, Func<Interpreter, Arguments, Value> body)
        : Callable
    {
        public override string TypeName => $"function {name}";

        public override Value Call(Interpreter run, Arguments arguments) =>
            body(run, signature?.Bind(arguments) ?? arguments);
    }
}
