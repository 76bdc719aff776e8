using System.Text.Json;

namespace Glm5.Core.Model;

/// <summary>
/// Typed reading of one JSON object that collects what is wrong instead of stopping at it. A null value counts as
/// absent. After a complaint a reader returns a harmless stand-in, so that the checks after it can go on.
/// </summary>
internal sealed class JsonFields(JsonElement element, string prefix, List<string> problems)
{
    /// <summary>No dimension of a real model comes near; products of three of them fit 64 bits.</summary>
    public const int LargestDimension = 1 << 20;

    public List<string> Problems { get; } = problems;

    public bool Has(string key) => Find(key) is not null;

    /// <summary>An integer of 1 .. <see cref="LargestDimension"/>.</summary>
    public int Dimension(string key) => Integer(key, 1, LargestDimension, fallback: null);

    /// <param name="key">The key.</param>
    /// <param name="least">Smallest value allowed.</param>
    /// <param name="most">Largest value allowed.</param>
    /// <param name="fallback">What an absent key means; null when it must be there.</param>
    public int Integer(string key, int least, int most, int? fallback)
    {
        if (Find(key) is not { } value)
        {
            return fallback ?? Missing(key, $"an integer from {least} to {most}", least);
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            && number >= least && number <= most)
        {
            return number;
        }

        return Wrong(key, $"an integer from {least} to {most}", value, least);
    }

    /// <summary>A number above 0 that is finite and above 0 as a float too.</summary>
    public double Positive(string key)
    {
        if (Find(key) is not { } value)
        {
            return Missing(key, "a number above 0", 1.0);
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && float.IsFinite((float)number) && (float)number > 0)
        {
            return number;
        }

        return Wrong(key, "a number above 0", value, 1.0);
    }

    public bool Flag(string key, bool fallback) => Find(key) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => Wrong(key, "true or false", value, fallback),
    };

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => Wrong<string?>(key, "a string", value, null),
    };

    /// <summary>Complains unless the key is absent or has the one supported value.</summary>
    public void Only(string key, string supported)
    {
        if (Find(key) is { } value && !(value.ValueKind == JsonValueKind.String && value.ValueEquals(supported)))
        {
            Wrong(key, $"\"{supported}\", the only supported value", value, 0);
        }
    }

    /// <summary>Complains unless the key is absent or has the one supported value.</summary>
    public void Only(string key, bool supported)
    {
        JsonValueKind expected = supported ? JsonValueKind.True : JsonValueKind.False;
        if (Find(key) is { } value && value.ValueKind != expected)
        {
            Wrong(key, $"{(supported ? "true" : "false")}, the only supported value", value, 0);
        }
    }

    /// <summary>Complains unless the key is absent or has the one supported value.</summary>
    public void Only(string key, int supported)
    {
        if (Find(key) is { } value && !(value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int got) && got == supported))
        {
            Wrong(key, $"{supported}, the only supported value", value, 0);
        }
    }

    /// <summary>
    /// The strings of an array, or null when the key is absent or something else (which is reported).
    /// </summary>
    public string[]? Texts(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return Wrong<string[]?>(key, "a list of strings", value, null);
        }

        string[] texts = new string[value.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                return Wrong<string[]?>($"{key}[{index}]", "a string", item, null);
            }

            texts[index++] = item.GetString()!;
        }

        return texts;
    }

    /// <summary>One integer or a list of them; empty when the key is absent.</summary>
    public List<int> Integers(string key, int least, int most)
    {
        List<int> numbers = [];
        if (Find(key) is not { } value)
        {
            return numbers;
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                AddInteger($"{key}[{index++}]", item, least, most, numbers);
            }
        }
        else
        {
            AddInteger(key, value, least, most, numbers);
        }

        return numbers;
    }

    /// <summary>
    /// An object inside this one, or null when the key is absent or something else (which is reported).
    /// </summary>
    public JsonFields? Object(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields(value, $"{prefix}{key}.", Problems),
        { } value => Wrong<JsonFields?>(key, "an object", value, null),
    };

    public T Wrong<T>(string key, string expected, JsonElement got, T standIn)
    {
        string text = got.GetRawText();
        string shown = text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");
        Problems.Add($"{prefix}{key} is {shown}; expected {expected}");
        return standIn;
    }

    public T Missing<T>(string key, string expected, T standIn)
    {
        Problems.Add($"{prefix}{key} is missing; expected {expected}");
        return standIn;
    }

    private void AddInteger(string key, JsonElement value, int least, int most, List<int> into)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            && number >= least && number <= most)
        {
            into.Add(number);
            return;
        }

        Wrong(key, $"an integer from {least} to {most}", value, 0);
    }

    private JsonElement? Find(string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
