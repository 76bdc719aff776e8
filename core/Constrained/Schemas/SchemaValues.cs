using System.Text;
using System.Text.Json;
using Glm5.Core.Chat.Output;
using Glm5.Core.Constrained.Text;

namespace Glm5.Core.Constrained.Schemas;

/// <summary>Tells which of a schema's listed values its other conditions leave.</summary>
internal sealed class SchemaValues(SchemaReader reader)
{
    /// <summary>The values that every list has and every other condition admits.</summary>
    public List<JsonElement> Of(SchemaShape shape)
    {
        var values = new List<JsonElement>();
        SchemaShape others = shape.Copy();
        others.Listed.RemoveAt(0);
        foreach (JsonElement value in shape.Listed[0])
        {
            if (Admits(others, value))
                values.Add(value);
        }

        return values;
    }

    private bool Admits(IReadOnlyList<SchemaPlace> together, JsonElement value)
    {
        foreach (SchemaShape shape in reader.Alternatives(together))
        {
            if (Admits(shape, value))
                return true;
        }

        return false;
    }

    private bool Admits(SchemaShape shape, JsonElement value)
    {
        foreach (IReadOnlyList<JsonElement> list in shape.Listed)
        {
            if (!IsIn(list, value))
                return false;
        }

        if ((shape.Kinds & JsonKindsOf.Value(value)) == JsonKinds.None)
            return false;
        return value.ValueKind switch
        {
            JsonValueKind.Number => AdmitsNumber(shape, value),
            JsonValueKind.String => AdmitsText(shape, value.GetString()!),
            JsonValueKind.Array => AdmitsArray(shape, value),
            JsonValueKind.Object => AdmitsObject(shape, value),
            _ => true,
        };
    }

    private static bool AdmitsNumber(SchemaShape shape, JsonElement value)
    {
        if (shape.Least is null && shape.Most is null && shape.Divisors.Count == 0)
            return true;
        if (!value.TryGetDecimal(out decimal number))
            return false;
        if (shape.Least is { } least && (number < least.Value || (number == least.Value && least.IsExcluded)))
            return false;
        if (shape.Most is { } most && (number > most.Value || (number == most.Value && most.IsExcluded)))
            return false;
        foreach (int divisor in shape.Divisors)
        {
            if (number % divisor != 0)
                return false;
        }

        return true;
    }

    private static bool AdmitsText(SchemaShape shape, string text)
    {
        int length = 0;
        foreach (Rune _ in text.EnumerateRunes())
            length++;
        if (!shape.Length.Contains(length))
            return false;
        foreach (CharAutomaton pattern in shape.Patterns)
        {
            if (!pattern.Admits(text))
                return false;
        }

        return true;
    }

    private bool AdmitsArray(SchemaShape shape, JsonElement value)
    {
        if (!shape.Items.Contains(value.GetArrayLength()))
            return false;
        var form = ArrayForm.Of(shape);
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (!Admits(form.At(i++), item))
                return false;
        }

        return true;
    }

    private bool AdmitsObject(SchemaShape shape, JsonElement value)
    {
        if (!shape.Members.Contains(value.GetPropertyCount()))
            return false;
        var form = ObjectForm.Of(shape, reader);
        foreach (ObjectMember member in form.Members)
        {
            if (member.IsRequired && !value.TryGetProperty(member.Name, out _))
                return false;
        }

        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!Admits(form.SchemasOf(member.Name), member.Value))
                return false;
        }

        return true;
    }

    private static bool IsIn(IReadOnlyList<JsonElement> list, JsonElement value)
    {
        foreach (JsonElement listed in list)
        {
            if (JsonElement.DeepEquals(listed, value))
                return true;
        }

        return false;
    }
}
