namespace Glm5.Core.Chat.Jinja;

/// <summary>A node of a template's tree that yields a value.</summary>
/// <param name="Offset">Where it stands in the normalised source.</param>
internal abstract record Expression(int Offset)
{
    /// <summary>Called through <see cref="Interpreter.Evaluate"/>, which counts steps and depth.</summary>
    public abstract Value Evaluate(Interpreter run);
}

internal sealed record Literal(int Offset, Value Value) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => Value;
}

internal sealed record Name(int Offset, string Identifier) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => run.Scope.Find(Identifier) ?? Undefined.Variable(Identifier);
}

/// <summary>A list or tuple.</summary>
internal sealed record SequenceLiteral(int Offset, Expression[] Items, bool IsTuple) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => new Sequence(run.EvaluateAll(Items), IsTuple);
}

internal sealed record DictLiteral(int Offset, (Expression Key, Expression Value)[] Pairs) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        OrderedDictionary<Value, Value> entries = Mapping.NewEntries(Pairs.Length);
        foreach ((Expression keyNode, Expression valueNode) in Pairs)
        {
            Value key = run.Evaluate(keyNode);
            if (!KeyComparer.IsKey(key))
            {
                throw new RenderFault($"'{key.TypeName}' cannot be a key of a dict");
            }

            entries[key] = run.Evaluate(valueNode);
        }

        return new Mapping(entries);
    }
}

internal sealed record Negation(int Offset, Expression Operand) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => Operators.Negate(run.Evaluate(Operand));
}

/// <summary>Unary plus.</summary>
internal sealed record Identity(int Offset, Expression Operand) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => Operators.Apply(run, "+", Integer.Of(0), run.Evaluate(Operand));
}

internal sealed record Arithmetic(int Offset, string Operator, Expression Left, Expression Right) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value left = run.Evaluate(Left);
        Value right = run.Evaluate(Right);
        return Operators.Apply(run, Operator, left, right);
    }
}

/// <summary>Operands joined by <c>~</c>: their printed forms, one after the other.</summary>
internal sealed record Concatenation(int Offset, Expression[] Operands) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        TextBuilder joined = run.NewText();
        foreach (Expression operand in Operands)
        {
            Printing.Print(run, joined, run.Evaluate(operand));
        }

        return run.Charged(joined.ToText());
    }
}

/// <summary>A comparison, chained as in Python: <c>a &lt; b &lt;= c</c>.</summary>
internal sealed record Comparison(int Offset, Expression First, (string Operator, Expression Operand)[] Rest)
    : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value left = run.Evaluate(First);
        foreach ((string symbol, Expression operand) in Rest)
        {
            Value right = run.Evaluate(operand);
            if (!Operators.Compare(run, symbol, left, right))
            {
                return Truth.False;
            }

            left = right;
        }

        return Truth.True;
    }
}

internal sealed record Not(int Offset, Expression Operand) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => Truth.Of(!run.Evaluate(Operand).IsTrue);
}

/// <summary><c>and</c>, <c>or</c>: as in Python the operand that decided.</summary>
internal sealed record Either(int Offset, bool IsAnd, Expression Left, Expression Right) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value left = run.Evaluate(Left);
        return left.IsTrue == IsAnd ? run.Evaluate(Right) : left;
    }
}

/// <summary><c>a if condition else b</c>.</summary>
internal sealed record Conditional(int Offset, Expression Condition, Expression Then, Expression? Else)
    : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        if (run.Evaluate(Condition).IsTrue)
        {
            return run.Evaluate(Then);
        }

        return Else is null
            ? new Undefined("this inline if evaluated to false and has no else")
            : run.Evaluate(Else);
    }
}

internal sealed record AttributeAccess(int Offset, Expression Subject, string Attribute) : Expression(Offset)
{
    private readonly Text _key = Text.Trusted(Attribute);

    public override Value Evaluate(Interpreter run) => Members.Attribute(run.Evaluate(Subject), _key);
}

internal sealed record ItemAccess(int Offset, Expression Subject, Expression Key) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value subject = run.Evaluate(Subject);
        return Members.Item(run, subject, run.Evaluate(Key));
    }
}

internal sealed record SliceAccess(
    int Offset, Expression Subject, Expression? Start, Expression? Stop, Expression? Stride) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value subject = run.Evaluate(Subject);
        Value start = Part(run, Start);
        Value stop = Part(run, Stop);
        return Slices.Take(run, subject, start, stop, Part(run, Stride));
    }

    private static Value Part(Interpreter run, Expression? part) => part is null ? None.Instance : run.Evaluate(part);
}

/// <summary>The arguments of a call, a filter or a test, as written.</summary>
internal sealed record ArgumentNodes(Expression[] Positional, (string Name, Expression Value)[] Named)
{
    public static ArgumentNodes Empty { get; } = new([], []);

    public Arguments Evaluate(Interpreter run)
    {
        Value[] positional = run.EvaluateAll(Positional);
        NamedValue[] named = Named.Length == 0 ? [] : new NamedValue[Named.Length];
        for (int i = 0; i < named.Length; i++)
        {
            named[i] = new NamedValue(Named[i].Name, run.Evaluate(Named[i].Value));
        }

        return new Arguments(positional, named);
    }
}

internal sealed record Call(int Offset, Expression Callee, ArgumentNodes Arguments) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value callee = run.Evaluate(Callee);
        return callee switch
        {
            Callable callable => callable.Call(run, Arguments.Evaluate(run)),
            Undefined undefined => throw undefined.Fault(),
            _ => throw new RenderFault($"'{callee.TypeName}' object is not callable"),
        };
    }
}

internal sealed record FilterCall(int Offset, Operation Filter, Expression Subject, ArgumentNodes Arguments)
    : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value subject = run.Evaluate(Subject);
        return Filter.Apply(run, subject, Arguments.Evaluate(run));
    }
}

internal sealed record TestCall(int Offset, Test Test, Expression Subject, ArgumentNodes Arguments) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run)
    {
        Value subject = run.Evaluate(Subject);
        return Truth.Of(Test.Holds(run, subject, Arguments.Evaluate(run)));
    }
}
