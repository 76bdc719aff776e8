using Glm5.Core.Accelerator;

namespace Glm5.Backends.Ascend;

/// <summary>Finds NPUs and says what they are. Never throws: what is missing is a sentence.</summary>
internal static class AscendProbe
{
    private const string Node = "/dev/davinci_manager";

    /// <summary>The visible devices, or why there are none.</summary>
    public static ProbeResult Find(CannInstallation cann, AscendVoice voice)
    {
        if (cann.Refusal is { } refusal)
            return new ProbeResult([], $"not available: {Missing(refusal)}");
        int count = Count(cann);
        if (count == 0)
            return new ProbeResult([], $"not available: {NoDevice(cann)}");
        string soc = Soc(cann);
        if (SocTable.Find(soc) is null)
            return new ProbeResult([], $"not available: {SocTable.Refusal(soc)}");
        Capabilities described = Describe(cann, voice, soc, count);
        var devices = new Capabilities[count];
        Array.Fill(devices, described);
        return new ProbeResult(devices, null);
    }

    /// <summary>Devices that ASCEND_RT_VISIBLE_DEVICES shows.</summary>
    public static unsafe int Count(CannInstallation cann)
    {
        uint count;
        return cann.Runtime.GetDeviceCount(&count) == 0 ? (int)count : 0;
    }

    /// <summary>Capabilities of a rank on a die of this name.</summary>
    public static Capabilities Describe(CannInstallation cann, AscendVoice voice, string soc, int devices)
    {
        SocFacts? facts = SocTable.Find(soc);
        var fusions = new Ops.Fusions(cann.Operators, cann.Version);
        string? eager = voice == AscendVoice.Fused ? AscendGraphs.Refusal(cann, fusions) : null;
        string driver = CannVersions.OfDriver(cann.Dcmi, cann.Paths) is { } version ? $", driver {version}" : "";
        return Declared(voice) with
        {
            Device = $"{(cann.IsEmulated ? "emulated " : "")}{soc}"
                + (facts is null ? "" : $", {facts.CubeCores} cube cores, {facts.HbmGigabytes} GB"),
            Architecture = $"{facts?.Generation ?? "unknown"}, CANN {cann.Version}{driver}",
            RankCounts = RankCounts(devices),
            CapturesGraphs = voice == AscendVoice.Fused && eager is null,
            EagerBecause = eager,
            IsEmulated = cann.IsEmulated,
            Fusions = voice == AscendVoice.Fused ? fusions.Verdicts() : [],
        };
    }

    /// <summary>What is true of every die, with none at hand.</summary>
    public static Capabilities Declared(AscendVoice voice) => new()
    {
        Backend = voice == AscendVoice.Fused ? "ascend" : "ascend-f32",
        Device = "A2 or A3",
        Architecture = "CANN 8.1 or later",
        Arithmetic = AscendArithmetic.Of(voice),
        NativeWeights = voice == AscendVoice.Fused ? [ElementType.BF16, ElementType.I8] : [ElementType.F32],
        BatchInvariant = false,
        RankInvariant = false,
        CapturesGraphs = voice == AscendVoice.Fused,
        SharesMemory = false,
        BlockSlots = [128, 64, 32, 16],
        KvFormats = [voice == AscendVoice.Fused ? KvFormat.BF16 : KvFormat.F32],
        RankCounts = RankCounts(16),
    };

    /// <summary>A chip's name as CANN has it: asked of the driver, or of the first device.</summary>
    private static unsafe string Soc(CannInstallation cann)
    {
        // The runtime names the die that is set; setting one is cheap beside what serving does with it.
        if (cann.Runtime.SetDevice(0) != 0)
            return "";
        string name = CannText.Of(cann.Runtime.GetSocName());
        _ = cann.Runtime.ResetDevice(0);
        return name;
    }

    private static int[] RankCounts(int devices)
    {
        var counts = new List<int>();
        for (int ranks = 1; ranks <= Math.Min(16, devices); ranks *= 2)
            counts.Add(ranks);
        return [.. counts];
    }

    private static string Missing(string refusal) => File.Exists(Node)
        ? $"{refusal}; set ASCEND_HOME_PATH to the toolkit's folder and LD_LIBRARY_PATH to the driver's"
        : $"{refusal}; no Ascend driver either ({Node} does not exist)";

    private static string NoDevice(CannInstallation cann)
    {
        string visible = Environment.GetEnvironmentVariable("ASCEND_RT_VISIBLE_DEVICES") is { } value
            ? $"ASCEND_RT_VISIBLE_DEVICES is \"{value}\""
            : "the driver shows none";
        return $"CANN {cann.Version} is installed, but there is no device: {visible}; see npu-smi info";
    }
}
