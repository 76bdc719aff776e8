using System.Collections.Frozen;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Jinja's tests.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Test> s_tests = Table(
        new("defined", [], static (_, v, _) => v is not Undefined),
        new("undefined", [], static (_, v, _) => v is Undefined),
        new("none", [], static (_, v, _) => v is None),
        new("boolean", [], static (_, v, _) => v is Truth),
        new("true", [], static (_, v, _) => v == Truth.True),
        new("false", [], static (_, v, _) => v == Truth.False),
        new("integer", [], static (_, v, _) => v is Integer),
        new("float", [], static (_, v, _) => v is Float),
        new("number", [], static (_, v, _) => v is Integer or Float or Truth),
        new("string", [], static (_, v, _) => v is Text),
        new("mapping", [], static (_, v, _) => v is Mapping),
        new("sequence", [], static (_, v, _) => Iteration.IsIterable(v)),
        new("iterable", [], static (_, v, _) => Iteration.IsIterable(v)),
        new("callable", [], static (_, v, _) => v is Callable),
        new("odd", [], static (run, v, _) =>
            Remainder(run, v, Integer.Of(2)) is { } r && Operators.AreEqual(run, r, Integer.Of(1))),
        new("even", [], static (run, v, _) => !Remainder(run, v, Integer.Of(2)).IsTrue),
        new("divisibleby", ["num"], static (run, v, a) => !Remainder(run, v, a.Required(0)).IsTrue),
        new("lower", [], static (run, v, _) => IsOfCase(run, v, "islower")),
        new("upper", [], static (run, v, _) => IsOfCase(run, v, "isupper")),
        new("sameas", ["other"], static (run, v, a) => IsSame(v, a.Required(0))),
        Comparing("==", "=="),
        Comparing("eq", "=="),
        Comparing("equalto", "=="),
        Comparing("!=", "!="),
        Comparing("ne", "!="),
        Comparing("<", "<"),
        Comparing("lt", "<"),
        Comparing("lessthan", "<"),
        Comparing("<=", "<="),
        Comparing("le", "<="),
        Comparing(">", ">"),
        Comparing("gt", ">"),
        Comparing("greaterthan", ">"),
        Comparing(">=", ">="),
        Comparing("ge", ">="),
        Comparing("in", "in"),
        new("filter", [], static (_, v, _) => v is Text name && Filters.Find(name.Chars) is not null),
        new("test", [], static (_, v, _) => v is Text name && Find(name.Chars) is not null));

    public static Test? Find(string name) => s_tests.GetValueOrDefault(name);

    private static Test Comparing(string name, string symbol) =>
        new(name, ["other"], (run, v, a) => Operators.Compare(run, symbol, v, a.Required(0)));

    private static FrozenDictionary<string, Test> Table(params Test[] tests)
    {
        Dictionary<string, Test> table = new(StringComparer.Ordinal);
        foreach (Test test in tests)
        {
            table.Add(test.Name, test);
        }

        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static Value Remainder(Interpreter run, Value value, Value divisor) =>
        Operators.Apply(run, "%", value, divisor);

    private static bool IsOfCase(Interpreter run, Value value, string method) =>
        StringMethods.Find(method)!.Apply(run, Printing.ToText(run, value), Arguments.None).IsTrue;

    /// <summary>
    /// Python's "is", as far as values have an identity here: words and small numbers have one, texts by their
    /// characters.
    /// </summary>
    private static bool IsSame(Value left, Value right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && KeyComparer.IsKey(left) && KeyComparer.Instance.Equals(left, right));
}
