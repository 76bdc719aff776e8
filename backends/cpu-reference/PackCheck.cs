using Glm5.Core.Accelerator;
using Glm5.Core.Weights;

namespace Glm5.Backends.CpuReference;

/// <summary>What a weight must be for this backend to read it in place; refusals name the weight.</summary>
internal static class PackCheck
{
    /// <summary>Checks number, type, shape and cut of the parts of one packed weight.</summary>
    /// <exception cref="AcceleratorException">Something does not fit.</exception>
    public static void Parts(ReadOnlySpan<WeightSource> parts, WeightRole role, int ranks)
    {
        CheckNumber(parts, role);
        foreach (ref readonly WeightSource part in parts)
        {
            CheckType(part);
            CheckShape(part, parts[0], role);
        }

        if (role == WeightRole.RowParallel)
            CheckChunks(parts[0], ranks);
        if (role == WeightRole.ExpertDown)
            CheckChunks(parts[0], ranks: 1);
    }

    private static void CheckNumber(ReadOnlySpan<WeightSource> parts, WeightRole role)
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
    }

    private static void CheckType(in WeightSource part)
    {
        bool readable = part.Type is ElementType.F32 or ElementType.BF16
            || (part.Type is ElementType.F8E4M3 or ElementType.I8 && part.Scales is not null);
        if (!readable)
        {
            throw new AcceleratorException(
                $"{part.Name}: stored as {part.Type}{(part.Scales is null ? "" : " with scales")}; "
                + "the cpu backend reads F32, BF16, F8E4M3 with block scales and I8 with a scale a row");
        }
    }

    private static void CheckShape(in WeightSource part, in WeightSource first, WeightRole role)
    {
        if (part.Rows != first.Rows || part.Columns != first.Columns)
        {
            throw new AcceleratorException(
                $"{part.Name}: expected [{first.Rows}, {first.Columns}] as {first.Name} has, got [{part.Rows}, {part.Columns}]");
        }

        if (role == WeightRole.Vector && part.Rows != 1)
            throw new AcceleratorException($"{part.Name}: expected a vector, got [{part.Rows}, {part.Columns}]");
    }

    private static void CheckChunks(in WeightSource part, int ranks)
    {
        int chunks = RowParallelChunks.PerRank(ranks);
        if (part.Columns % chunks != 0)
        {
            throw new AcceleratorException(
                $"{part.Name}: {part.Columns} columns on each of {ranks} ranks do not split into {chunks} equal chunks, "
                + $"which sums over K are made of; the whole matrix must have a multiple of {RowParallelChunks.Count} columns");
        }
    }
}
