namespace Glm5.Core.Constrained.Automaton;

/// <summary>A call that has not returned.</summary>
/// <param name="Edge">The edge that called.</param>
/// <param name="Count">Which of its repetitions this is, from 1; without an upper bound, no more than matters.</param>
/// <param name="Below">The calls around the caller.</param>
internal readonly record struct Frame(int Edge, int Count, Frames Below)
{
    /// <summary>What is below is compared by identity.</summary>
    public bool Equals(Frame other) =>
        Edge == other.Edge && Count == other.Count && ReferenceEquals(Below, other.Below);

    public override int GetHashCode() => HashCode.Combine(Edge, Count, Below.Id);
}

/// <summary>
/// All stacks on which one state can stand: the calls that would return next, each with those below it. Stacks share
/// what they have in common, and equal sets are one object. Immutable.
/// </summary>
internal sealed class Frames : IEquatable<Frames>
{
    private readonly Frame[] _items;
    private readonly int _hash;

    /// <param name="items">Distinct, in the order of <see cref="Compare"/>.</param>
    /// <param name="isBottom">True when there may also be no call: the end of the rule is the end of the text.</param>
    /// <param name="id">Its number.</param>
    public Frames(Frame[] items, bool isBottom, int id)
    {
        (_items, IsBottom, Id) = (items, isBottom, id);
        var hash = new HashCode();
        hash.Add(isBottom);
        foreach (ref readonly Frame frame in items.AsSpan())
            hash.Add(frame.GetHashCode());
        _hash = hash.ToHashCode();
    }

    public ReadOnlySpan<Frame> Items => _items;

    public bool IsBottom { get; }

    /// <summary>Numbers rise with age, so that sets can be kept in order.</summary>
    public int Id { get; }

    /// <summary>Memory that it takes, roughly.</summary>
    public int Bytes => 128 + (_items.Length * 2 * nint.Size);

    public static int Compare(Frame one, Frame other)
    {
        int order = one.Edge.CompareTo(other.Edge);
        order = order != 0 ? order : one.Count.CompareTo(other.Count);
        return order != 0 ? order : one.Below.Id.CompareTo(other.Below.Id);
    }

    /// <summary>By content.</summary>
    public bool Equals(Frames? other) =>
        other is not null && IsBottom == other.IsBottom && _items.AsSpan().SequenceEqual(other._items);

    public override bool Equals(object? obj) => Equals(obj as Frames);

    public override int GetHashCode() => _hash;
}
