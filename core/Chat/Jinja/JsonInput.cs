using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Glm5.Core.Chat.Jinja;

/// <summary>
/// Turns a request's JSON into values as Python's json.loads does; every string and key of it is the client's.
/// </summary>
internal static class JsonInput
{
    /// <exception cref="RenderFault">It nests too deep, a string is not Unicode, or an integer is too long.</exception>
    public static Value Read(JsonElement element, int depthLeft)
    {
        if (depthLeft == 0)
        {
            throw new RenderFault("lists and objects nest too deep");
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                OrderedDictionary<Value, Value> entries = Mapping.NewEntries();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    entries[ReadKey(property)] = Read(property.Value, depthLeft - 1);
                }

                return new Mapping(entries);
            case JsonValueKind.Array:
                Value[] items = new Value[element.GetArrayLength()];
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    items[index++] = Read(item, depthLeft - 1);
                }

                return new Sequence(items);
            case JsonValueKind.String:
                return ReadString(element);
            case JsonValueKind.Number:
                return ReadNumber(element);
            case JsonValueKind.True:
                return Truth.True;
            case JsonValueKind.False:
                return Truth.False;
            default:
                return None.Instance;
        }
    }

    private static Text ReadKey(JsonProperty property)
    {
        try
        {
            return Text.Client(property.Name);
        }
        catch (InvalidOperationException)
        {
            throw new RenderFault("a key is not valid Unicode");
        }
    }

    private static Text ReadString(JsonElement element)
    {
        try
        {
            return Text.Client(element.GetString()!);
        }
        catch (InvalidOperationException)
        {
            throw new RenderFault("a string is not valid Unicode");
        }
    }

    private static Value ReadNumber(JsonElement element)
    {
        if (element.TryGetInt64(out long small))
        {
            return Integer.Of(small);
        }

        string text = element.GetRawText();
        if (text.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            return new Float(element.GetDouble());
        }

        return text.Length <= PythonNumbers.MostDigits
            ? Integer.Of(BigInteger.Parse(text, CultureInfo.InvariantCulture))
            : throw new RenderFault($"an integer has more than {PythonNumbers.MostDigits} digits");
    }
}
