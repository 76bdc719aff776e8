namespace Glm5.Core.Chat.Jinja;

/// <summary>What Python's iter makes of a value.</summary>
internal static class Iteration
{
    /// <summary>
    /// The elements of a list or tuple, the keys of a dict, the characters of a string, nothing of what is
    /// undefined.
    /// </summary>
    /// <exception cref="RenderFault">The value cannot be iterated.</exception>
    public static Value[] Items(Interpreter run, Value value)
    {
        if (!IsIterable(value))
        {
            throw new RenderFault($"'{value.TypeName}' object is not iterable");
        }

        run.Step(value is Text text ? text.Chars.Length : Length(value));
        return value switch
        {
            Sequence sequence => sequence.Items,
            Mapping mapping => [.. mapping.Entries.Keys],
            Text characters => characters.Characters(),
            _ => [],
        };
    }

    public static bool IsIterable(Value value) => value is Sequence or Mapping or Text or Undefined;

    /// <summary>Python's len.</summary>
    public static int Length(Value value) => value switch
    {
        Text text => text.CountCharacters(),
        Sequence sequence => sequence.Items.Length,
        Mapping mapping => mapping.Entries.Count,
        Undefined => 0,
        _ => throw new RenderFault($"object of type '{value.TypeName}' has no len()"),
    };
}
