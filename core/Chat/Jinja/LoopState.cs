namespace Glm5.Core.Chat.Jinja;

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class LoopState(Value[] items) : Value
{
    private static readonly Operation s_cycle = new(
        "loop.cycle", null, static (_, subject, arguments) => Cycle((LoopState)subject, arguments));

    private static readonly Operation s_changed = new(
        "loop.changed", null, static (run, subject, arguments) => HasChanged(run, (LoopState)subject, arguments));

    private Value[]? _lastSeen;

    public override string TypeName => "LoopContext";

    /// <summary>The round, from 0; -1 before the first.</summary>
    public int Index { get; private set; } = -1;

    public bool MoveNext() => ++Index < items.Length;

    public Value? Attribute(string name) => name switch
    {
        "index" => Integer.Of(Index + 1),
        "index0" => Integer.Of(Index),
        "revindex" => Integer.Of(items.Length - Index),
        "revindex0" => Integer.Of(items.Length - Index - 1),
        "first" => Truth.Of(Index == 0),
        "last" => Truth.Of(Index == items.Length - 1),
        "length" => Integer.Of(items.Length),
        // Only recursive loops would be deeper.
        "depth" => Integer.Of(1),
        "depth0" => Integer.Of(0),
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Length ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new BoundMethod(this, s_cycle),
        "changed" => new BoundMethod(this, s_changed),
        _ => null,
    };

    private static Value Cycle(LoopState loop, Arguments arguments) => arguments.Count == 0
        ? throw new RenderFault("no items for cycling given")
        : arguments.Required(loop.Index % arguments.Count);

    private static Truth HasChanged(Interpreter run, LoopState loop, Arguments arguments)
    {
        Value[] seen = new Value[arguments.Count];
        for (int i = 0; i < seen.Length; i++)
        {
            seen[i] = arguments.Required(i);
        }

        Value[]? last = loop._lastSeen;
        loop._lastSeen = seen;
        return Truth.Of(last is null || !Operators.AreEqual(run, new Sequence(last), new Sequence(seen)));
    }
}
