namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// One rendering: where the output goes, which variables are seen, and how much of the bounds is used up. After a
/// fault it is of no more use than to say where that happened.
/// </summary>
internal sealed class Interpreter(Bounds bounds, TimeProvider clock, Scope scope)
{
    private long _steps;
    private int _depth;

    public Bounds Bounds { get; } = bounds;

    public TimeProvider Clock { get; } = clock;

    public TextBuilder Output { get; private set; } = new(bounds.TextLength);

    public Scope Scope { get; set; } = scope;

    /// <summary>The node at work, as an offset in the source.</summary>
    public int At { get; private set; }

    public Value Evaluate(Expression expression)
    {
        int outer = At;
        At = expression.Offset;
        Enter();
        Value value = expression.Evaluate(this);
        Leave();
        At = outer;
        return value;
    }

    public Value[] EvaluateAll(Expression[] expressions)
    {
        Value[] values = expressions.Length == 0 ? [] : new Value[expressions.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(expressions[i]);
        }

        return values;
    }

    public Flow Execute(Statement[] body)
    {
        Enter();
        Flow flow = Flow.Next;
        for (int i = 0; i < body.Length && flow == Flow.Next; i++)
        {
            Step();
            At = body[i].Offset;
            flow = body[i].Execute(this);
        }

        Leave();
        return flow;
    }

    /// <summary>What a body writes in a scope.</summary>
    public Text Capture(Statement[] body, Scope scope)
    {
        (TextBuilder outerOutput, Scope outerScope) = (Output, Scope);
        (Output, Scope) = (NewText(), scope);
        Execute(body);
        Text written = Output.ToText();
        (Output, Scope) = (outerOutput, outerScope);
        return Charged(written);
    }

    public TextBuilder NewText() => new(Bounds.TextLength);

    /// <summary>Begins something that may nest.</summary>
    public void Enter()
    {
        Step();
        if (++_depth > Bounds.Depth)
        {
            throw new RenderFault($"it nests deeper than the bound of {Bounds.Depth} evaluations");
        }
    }

    public void Leave() => _depth--;

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > Bounds.Steps)
        {
            throw new RenderFault($"it took more than the bound of {Bounds.Steps} steps");
        }
    }

    /// <summary>Counts the handling of a text.</summary>
    public Text Charged(Text text)
    {
        Step(text.Chars.Length / Bounds.CharactersPerStep);
        return text;
    }
}
