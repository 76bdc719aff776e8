using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>
/// One alternative of a schema with its references, intersections and unions followed: the conditions that a value has
/// to meet, all of them.
/// </summary>
internal sealed record SchemaShape
{
    /// <summary>Kinds of values that are left.</summary>
    public JsonKinds Kinds { get; set; } = JsonKinds.Any;

    /// <summary>Kinds that the keywords speak of; they are meant where no type is given.</summary>
    public JsonKinds Implied { get; set; }

    /// <summary>True once a type, enum or const was given.</summary>
    public bool IsTyped { get; set; }

    /// <summary>The values of every enum and const.</summary>
    public List<IReadOnlyList<JsonElement>> Listed { get; private init; } = [];

    /// <summary>Lower end of numbers.</summary>
    public NumberBound? Least { get; set; }

    /// <summary>Upper end of numbers.</summary>
    public NumberBound? Most { get; set; }

    /// <summary>Numbers are multiples of these.</summary>
    public List<int> Divisors { get; private init; } = [];

    /// <summary>Characters of strings.</summary>
    public CountRange Length { get; set; } = CountRange.Any;

    /// <summary>What strings match.</summary>
    public List<CharAutomaton> Patterns { get; private init; } = [];

    /// <summary>Schemas that speak of members of objects.</summary>
    public List<SchemaPlace> Objects { get; private init; } = [];

    /// <summary>Members of objects.</summary>
    public CountRange Members { get; set; } = CountRange.Any;

    /// <summary>Schemas that speak of items of arrays.</summary>
    public List<SchemaPlace> Arrays { get; private init; } = [];

    /// <summary>Items of arrays.</summary>
    public CountRange Items { get; set; } = CountRange.Any;

    /// <summary>Kinds of values to write.</summary>
    public JsonKinds Wanted => IsTyped || Implied == JsonKinds.None ? Kinds : Kinds & Implied;

    /// <summary>A copy that can be narrowed by itself.</summary>
    public SchemaShape Copy() => this with
    {
        Listed = [.. Listed],
        Divisors = [.. Divisors],
        Patterns = [.. Patterns],
        Objects = [.. Objects],
        Arrays = [.. Arrays],
    };
}

/// <summary>How many there may be.</summary>
/// <param name="Least">At least.</param>
/// <param name="Most">At most; null for no bound.</param>
internal readonly record struct CountRange(int Least, int? Most)
{
    public static CountRange Any { get; } = new(0, null);

    public bool IsEmpty => Most < Least;

    public CountRange And(CountRange other) => new(
        Math.Max(Least, other.Least),
        Most is { } one && other.Most is { } two ? Math.Min(one, two) : Most ?? other.Most);

    public bool Contains(int count) => count >= Least && !(count > Most);
}
