namespace Glm5.Core.Constrained.Automaton;

/// <summary>One place where a text stands.</summary>
/// <param name="State">A state that takes a byte or a tag.</param>
/// <param name="Frames">The stacks under it.</param>
internal readonly record struct Place(int State, Frames Frames)
{
    /// <summary>Stacks are compared by identity.</summary>
    public bool Equals(Place other) => State == other.State && ReferenceEquals(Frames, other.Frames);

    public override int GetHashCode() => HashCode.Combine(State, Frames.Id);
}

/// <summary>
/// Where a text has come to: every place of the grammar at which it can stand. Equal ones are mostly one object, which
/// remembers where each kind of byte leads, so that a known step is a look into an array. A value: keeping one is a
/// snapshot.
/// </summary>
internal sealed class GrammarState : IEquatable<GrammarState>
{
    private readonly Place[] _places;
    private readonly int _hash;

    /// <param name="places">In the order of their states, which differ.</param>
    /// <param name="canEnd">True when the text has the form as it stands.</param>
    /// <param name="classes">Kinds of bytes, and tags.</param>
    public GrammarState(Place[] places, bool canEnd, int classes)
    {
        (_places, CanEnd) = (places, canEnd);
        Next = places.Length == 0 ? [] : new GrammarState?[classes];
        var hash = new HashCode();
        hash.Add(canEnd);
        foreach (ref readonly Place place in places.AsSpan())
            hash.Add(place.GetHashCode());
        _hash = hash.ToHashCode();
    }

    public ReadOnlySpan<Place> Places => _places;

    /// <summary>True when the text has the form as it stands.</summary>
    public bool CanEnd { get; }

    /// <summary>True when nothing more can come.</summary>
    public bool IsOver => _places.Length == 0;

    /// <summary>True when the text cannot have the form, whatever comes.</summary>
    public bool IsDead => IsOver && !CanEnd;

    /// <summary>[classes] where each leads; null where that is not known yet.</summary>
    public GrammarState?[] Next { get; }

    /// <summary>Memory that it takes beside its stacks and its mask, roughly.</summary>
    public int Bytes => 128 + (_places.Length * 2 * nint.Size) + (Next.Length * nint.Size);

    /// <summary>
    /// Plain characters that may come in any case: see <see cref="GrammarBuilder.NewRule"/>.
    /// </summary>
    public int PlainCharacters { get; init; }

    /// <summary>The tokens that may come; null until somebody asked.</summary>
    public AllowedTokens? Allowed { get; set; }

    public bool Equals(GrammarState? other) =>
        other is not null && CanEnd == other.CanEnd && _places.AsSpan().SequenceEqual(other._places);

    public override bool Equals(object? obj) => Equals(obj as GrammarState);

    public override int GetHashCode() => _hash;
}
