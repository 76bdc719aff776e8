namespace Glm5.Core.Chat.Jinja;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A node of a template's tree that writes, assigns or decides.</summary>
/// <param name="Offset">Where it stands in the normalised source.</param>
internal abstract record Statement(int Offset)
{
    /// <summary>Called through <see cref="Interpreter.Execute"/>, which counts steps and depth.</summary>
    public abstract Flow Execute(Interpreter run);
}

internal sealed record DataStatement(int Offset, Text Text) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        run.Output.Append(Text);
        return Flow.Next;
    }
}

internal sealed record OutputStatement(int Offset, Expression Expression) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        Printing.Print(run, run.Output, run.Evaluate(Expression));
        return Flow.Next;
    }
}

/// <summary>A set; of a block when its value is a <see cref="BodyText"/>, perhaps inside of filters.</summary>
internal sealed record SetStatement(int Offset, Target Target, Expression Value) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        Target.Assign(run, run.Evaluate(Value));
        return Flow.Next;
    }
}

/// <summary>What a body writes, as a value.</summary>
internal sealed record BodyText(int Offset, Statement[] Body) : Expression(Offset)
{
    public override Value Evaluate(Interpreter run) => run.Capture(Body, new Scope(run.Scope));
}

/// <summary>if, elif, else: the first branch whose condition holds; one without a condition always holds.</summary>
internal sealed record IfStatement(int Offset, (Expression? Condition, Statement[] Body)[] Branches) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        foreach ((Expression? condition, Statement[] body) in Branches)
        {
            if (condition is null || run.Evaluate(condition).IsTrue)
            {
                return run.Execute(body);
            }
        }

        return Flow.Next;
    }
}

/// <summary>A loop; each round has its own scope, so what it sets is gone after it.</summary>
internal sealed record ForStatement(
    int Offset, Target Target, Expression Source, Expression? Filter, Statement[] Body, Statement[] Else)
    : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        Scope outside = run.Scope;
        Value[] items = Iteration.Items(run, run.Evaluate(Source));
        if (Filter is not null)
        {
            items = Keep(run, items, Filter);
        }

        LoopState loop = new(items);
        bool completedOne = false;
        while (loop.MoveNext())
        {
            run.Step();
            run.Scope = new Scope(outside);
            run.Scope.Set("loop", loop);
            Target.Assign(run, items[loop.Index]);
            Flow flow = run.Execute(Body);
            completedOne |= flow == Flow.Next;
            if (flow == Flow.Break)
            {
                break;
            }
        }

        run.Scope = outside;

        // As in Jinja, a loop that no round of which came to its end counts as one without rounds.
        return completedOne || Else.Length == 0 ? Flow.Next : ExecuteElse(run, outside);
    }

    private Flow ExecuteElse(Interpreter run, Scope outside)
    {
        run.Scope = new Scope(outside);
        Flow flow = run.Execute(Else);
        run.Scope = outside;
        return flow;
    }

    private Value[] Keep(Interpreter run, Value[] items, Expression filter)
    {
        Scope outside = run.Scope;
        List<Value> kept = [];
        foreach (Value item in items)
        {
            run.Step();
            run.Scope = new Scope(outside);
            Target.Assign(run, item);
            if (run.Evaluate(filter).IsTrue)
            {
                kept.Add(item);
            }
        }

        run.Scope = outside;
        return [.. kept];
    }
}

internal sealed record BreakStatement(int Offset) : Statement(Offset)
{
    public override Flow Execute(Interpreter run) => Flow.Break;
}

internal sealed record ContinueStatement(int Offset) : Statement(Offset)
{
    public override Flow Execute(Interpreter run) => Flow.Continue;
}

internal sealed record MacroStatement(int Offset, string Name, MacroDefinition Definition) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        run.Scope.Set(Name, new Macro(Name, Definition, run.Scope));
        return Flow.Next;
    }
}

/// <summary>A call block: calls a macro that finds the block's body in the variable <c>caller</c>.</summary>
internal sealed record CallStatement(int Offset, Call Call, MacroDefinition Caller) : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        Value callee = run.Evaluate(Call.Callee);
        if (callee is not Macro macro)
        {
            throw new RenderFault($"a call block needs a macro, not '{callee.TypeName}'");
        }

        Macro caller = new("caller", Caller, run.Scope);
        Printing.Print(run, run.Output, macro.Call(run, Call.Arguments.Evaluate(run), caller));
        return Flow.Next;
    }
}

/// <summary>with: a scope of its own whose variables are evaluated outside of it.</summary>
internal sealed record WithStatement(int Offset, (Target Target, Expression Value)[] Variables, Statement[] Body)
    : Statement(Offset)
{
    public override Flow Execute(Interpreter run)
    {
        Scope outside = run.Scope;
        Scope inside = new(outside);
        foreach ((Target target, Expression value) in Variables)
        {
            Value evaluated = run.Evaluate(value);
            run.Scope = inside;
            target.Assign(run, evaluated);
            run.Scope = outside;
        }

        run.Scope = inside;
        Flow flow = run.Execute(Body);
        run.Scope = outside;
        return flow;
    }
}
