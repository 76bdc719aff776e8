using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.Cuda;

/// <summary>What a weight must be for this backend to pack it; refusals name the weight.</summary>
internal static class PackCheck
{
    /// <summary>Checks number, type, shape and cut of the parts of one weight.</summary>
    /// <exception cref="AcceleratorException">Something does not fit.</exception>
    public static void Parts(ReadOnlySpan<WeightSource> parts, WeightRole role)
    {
        if (parts.IsEmpty)
            throw new AcceleratorException($"a weight of role {role} was packed from no stored matrix");
        bool several = role is WeightRole.KeyUp or WeightRole.ValueUp or WeightRole.GateUp or WeightRole.RowParallel
            or WeightRole.ExpertDown;
        if (!several && parts.Length > 1)
            throw new AcceleratorException($"{parts[0].Name}: role {role} takes one stored matrix, got {parts.Length}");
        if (role == WeightRole.GateUp && parts.Length % 2 != 0)
        {
            throw new AcceleratorException(
                $"{parts[0].Name}: gate and up matrices go by turns, got an odd number of them, {parts.Length}");
        }

        foreach (ref readonly WeightSource part in parts)
            Part(part, parts[0], role);
    }

    private static void Part(in WeightSource part, in WeightSource first, WeightRole role)
    {
        if (part.Rows != first.Rows || part.Columns != first.Columns || part.Type != first.Type)
        {
            throw new AcceleratorException(
                $"{part.Name}: expected {first.Type} [{first.Rows}, {first.Columns}] as {first.Name} has, "
                + $"got {part.Type} [{part.Rows}, {part.Columns}]");
        }

        bool isReadable = part.Type is ElementType.F32 or ElementType.BF16
            || (part.Type is ElementType.F8E4M3 or ElementType.I8 && part.Scales is not null);
        if (!isReadable)
        {
            throw new AcceleratorException(
                $"{part.Name}: stored as {part.Type} without scales; the cuda backend reads F32, BF16, F8E4M3 with block scales "
                + "and I8 with a scale a row");
        }

        if (part is { Type: ElementType.F8E4M3, Scales: { BlockRows: not 128 } or { BlockColumns: not 128 } })
        {
            throw new AcceleratorException(
                $"{part.Name}: FP8 with a scale for each {part.Scales?.BlockRows} x {part.Scales?.BlockColumns}; kernels are for 128 x 128");
        }

        if (role == WeightRole.Vector && part.Rows != 1)
            throw new AcceleratorException($"{part.Name}: a vector has one row, got {part.Rows}");

        // Heads and experts of an absorbed matrix begin where they do; others are cut alike, as their scales are kept together.
        bool isDecoded = role is WeightRole.KeyUp or WeightRole.ValueUp;
        if (!isDecoded && part.Type == ElementType.F8E4M3
            && (part.RowOrigin % 128 != first.RowOrigin % 128 || part.ColumnOrigin % 128 != first.ColumnOrigin % 128))
        {
            throw new AcceleratorException(
                $"{part.Name}: cut at [{part.RowOrigin}, {part.ColumnOrigin}], within other blocks of scales than "
                + $"{first.Name} at [{first.RowOrigin}, {first.ColumnOrigin}]");
        }
    }
}
