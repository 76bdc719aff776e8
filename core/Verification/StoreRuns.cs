using System.Runtime.InteropServices;
using Glm5.Core.Accelerator;

namespace Glm5.Core.Verification;

/// <summary>Memory and caches of a device, held against themselves: what went in comes out.</summary>
internal static class StoreRuns
{
    /// <summary>Caches narrower than F32 round values in (-1, 1) by less.</summary>
    private const double CacheBound = 0.02;

    /// <summary>Fresh memory is zero; what is written is read. Disposes the device.</summary>
    public static string? Memory(IAccelerator device)
    {
        using IAccelerator owned = device;
        using DeviceBuffer buffer = device.Memory.Allocate(1 << 20, "a verification");
        var tensor = new Tensor(buffer.Address, ElementType.I32, 1 << 18);
        int[] read = new int[1 << 18], written = new int[1 << 18];
        device.Memory.Download(tensor, MemoryMarshal.AsBytes(read.AsSpan()));
        if (Comparison.Difference(written, read, "fresh memory") is { } difference)
            return difference;
        for (int i = 0; i < written.Length; i++)
            written[i] = i * 7;
        device.Memory.Upload(MemoryMarshal.AsBytes(written.AsSpan()), tensor);
        device.Memory.Download(tensor, MemoryMarshal.AsBytes(read.AsSpan()));
        return Comparison.Difference(written, read, "memory") ?? (device.Memory.FreeBytes > device.Memory.TotalBytes
            ? $"{device.Memory.FreeBytes:N0} bytes are free of {device.Memory.TotalBytes:N0}"
            : null);
    }

    /// <summary>
    /// Latents and index keys are read at the positions they were written for; a block copies whole. Disposes the
    /// device.
    /// </summary>
    public static string? Caches(IAccelerator device)
    {
        const int Tokens = 40, Latent = 512, Rope = 64, Index = 128, Slots = 16;
        using var bench = new OpBench(device, 11);
        KvStore kv = bench.Kv(new KvSpec(2, Latent, Rope, Index, Slots), 12);
        var layout = new StepLayout(Tokens, 1, Slots);
        layout.Clear();
        layout.AddSequence(new BlockTable([7, 3, 9], 3));
        for (int position = 0; position < Tokens; position++)
            layout.AddToken(position, position, wantsLogits: false);
        StepPlan plan = device.Plan(layout);
        float[] latents = bench.Values(Tokens * Latent, 1), ropes = bench.Values(Tokens * Rope, 1), keys = bench.Values(Tokens * Index, 1);
        kv.WriteLatent(1, plan, bench.Of(latents, Tokens, Latent), bench.Of(ropes, Tokens, Rope));
        kv.WriteIndexKeys(1, plan, bench.Of(keys, Tokens, Index));
        Tensor rows = bench.Empty(Tokens, Latent + Rope), indexRows = bench.Empty(Tokens, Index);
        kv.ReadLatent(1, plan, 0, 0, rows);
        kv.ReadIndexKeys(1, plan, 0, 0, indexRows);
        var joined = new float[Tokens * (Latent + Rope)];
        for (int t = 0; t < Tokens; t++)
        {
            latents.AsSpan(t * Latent, Latent).CopyTo(joined.AsSpan(t * (Latent + Rope)));
            ropes.AsSpan(t * Rope, Rope).CopyTo(joined.AsSpan((t * (Latent + Rope)) + Latent));
        }

        return Comparison.Difference(joined, bench.Floats(rows), "cached latents", CacheBound)
            ?? Comparison.Difference(keys, bench.Floats(indexRows), "cached index keys", CacheBound)
            ?? Copied(kv);
    }

    private static string? Copied(KvStore kv)
    {
        byte[] original = new byte[kv.BlockBytes], copy = new byte[kv.BlockBytes];
        kv.Export(7, original);
        kv.CopyBlock(7, 10);
        kv.Export(10, copy);
        if (!original.AsSpan().SequenceEqual(copy))
            return "a copied block differs from its original";
        kv.Import(11, original);
        kv.Export(11, copy);
        return original.AsSpan().SequenceEqual(copy) ? null : "an imported block differs from what was exported";
    }
}
