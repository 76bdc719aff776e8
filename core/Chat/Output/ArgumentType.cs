using System.Text.Json;

namespace Glm5.Core.Chat.Output;

/// <summary>What a schema says about one argument.</summary>
/// <param name="Kinds">Kinds of values it may have; never none.</param>
/// <param name="Listed">The values that enum and const name, in the order met.</param>
internal sealed record ArgumentType(JsonKinds Kinds, IReadOnlyList<JsonElement> Listed)
{
    /// <summary>An argument without a schema.</summary>
    public static ArgumentType Unknown { get; } = new(JsonKinds.Any, []);
}
