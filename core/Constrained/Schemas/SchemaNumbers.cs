using System.Text.Json;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>Reads what a schema says of numbers.</summary>
internal static class SchemaNumbers
{
    private const int GreatestDivisor = 1_000;

    public static void Narrow(SchemaPlace place, SchemaShape shape)
    {
        if (Number(place, "minimum") is { } minimum)
            shape.Least = Higher(shape.Least, new NumberBound(minimum, IsFlagged(place, "exclusiveMinimum")));
        if (Number(place, "maximum") is { } maximum)
            shape.Most = Lower(shape.Most, new NumberBound(maximum, IsFlagged(place, "exclusiveMaximum")));
        if (Number(place, "exclusiveMinimum") is { } above)
            shape.Least = Higher(shape.Least, new NumberBound(above, IsExcluded: true));
        if (Number(place, "exclusiveMaximum") is { } below)
            shape.Most = Lower(shape.Most, new NumberBound(below, IsExcluded: true));
        if (Number(place, "multipleOf") is { } divisor)
        {
            if (divisor <= 0 || divisor > GreatestDivisor || divisor != decimal.Truncate(divisor))
            {
                throw place.Wrong(
                    "multipleOf", $"multiples of {divisor} are not implemented; whole numbers up to {GreatestDivisor} are");
            }

            shape.Divisors.Add((int)divisor);
        }
    }

    /// <summary>The older form of an exclusive bound: a flag beside it.</summary>
    private static bool IsFlagged(SchemaPlace place, string keyword) =>
        place.Schema.TryGetProperty(keyword, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static decimal? Number(SchemaPlace place, string keyword)
    {
        if (!place.Schema.TryGetProperty(keyword, out JsonElement value)
            || (value.ValueKind is JsonValueKind.True or JsonValueKind.False
                && keyword.StartsWith("exclusive", StringComparison.Ordinal)))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number)
            ? number
            : throw place.Wrong(keyword, "expected a number between -7.9e28 and 7.9e28");
    }

    private static NumberBound Higher(NumberBound? before, NumberBound now) =>
        before is { } old && (old.Value > now.Value || (old.Value == now.Value && old.IsExcluded)) ? old : now;

    private static NumberBound Lower(NumberBound? before, NumberBound now) =>
        before is { } old && (old.Value < now.Value || (old.Value == now.Value && old.IsExcluded)) ? old : now;
}
