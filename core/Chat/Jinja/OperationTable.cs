using System.Collections.Frozen;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Operations by name.</summary>
internal static class OperationTable
{
    public static FrozenDictionary<string, Operation> Of(params Operation[] operations)
    {
        Dictionary<string, Operation> table = new(StringComparer.Ordinal);
        foreach (Operation operation in operations)
        {
            table.Add(operation.Name, operation);
        }

        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
