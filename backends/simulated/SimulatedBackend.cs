using Glm5.Core.Accelerator;
using Glm5.Core.Simulation;

namespace Glm5.Backends.Simulated;

/// <summary>
/// Devices that are not there, <c>--device sim:h200x8</c>: the contract with a clock instead of arithmetic. What a step
/// takes follows from the shapes of its operations and the peaks of devices.json alone; scheduler, caches, drafting and
/// ranks above it are the real ones. Weights are needed by shape only and take no memory of the host.
/// </summary>
public sealed class SimulatedBackend : Backend
{
    /// <summary>How words begin that name simulated devices.</summary>
    public const string Prefix = "sim:";

    private readonly SimulationSettings _settings;
    private readonly DeviceSpec _spec;
    private readonly int _devices;

    /// <summary>The devices that a word names, such as <c>sim:h200x8</c> or <c>sim:910c-x16</c>.</summary>
    /// <param name="word">The word, with <see cref="Prefix"/>.</param>
    /// <param name="settings">What they cannot know of themselves.</param>
    /// <exception cref="AcceleratorException">It names none that is known.</exception>
    public SimulatedBackend(string word, SimulationSettings settings)
    {
        (_spec, _devices) = DeviceSheet.Read(word[Prefix.Length..], settings.Roofline);
        (Name, _settings) = (word, settings);
        Footprint = new SimulatedFootprint(_spec, _devices);
    }

    /// <summary>The forms of words that are accepted, for messages and completion.</summary>
    public static IReadOnlyList<string> Words { get; } = ListWords();

    /// <summary>What time of a step goes to: the names for <see cref="DeviceTimes"/>.</summary>
    public static IReadOnlyList<string> Kinds => KernelClock.Names;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Never chosen unless it is asked for.</summary>
    public override int Preference => -1;

    /// <summary>Devices that the word names.</summary>
    public int Devices => _devices;

    /// <inheritdoc/>
    public override DeviceFootprint Footprint { get; }

    /// <inheritdoc/>
    public override bool ReadsWeights => false;

    /// <inheritdoc/>
    public override ProbeResult Probe()
    {
        var devices = new Capabilities[_devices];
        Array.Fill(devices, SimulatedAccelerator.Describe(_spec));
        return new ProbeResult(devices, null);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<IAccelerator> Open(DeviceRequest request)
    {
        int all = request.Ranks * request.Groups;
        if (request.Ranks < 1 || request.Groups < 1 || all > _devices)
        {
            throw new AcceleratorException(
                $"{Name}: {all} ranks were asked for and there are {_devices} devices; name more of them");
        }

        _settings.Times?.Open(all);
        var meetings = new SimulatedRanks(request.Ranks, request.Groups);
        var ranks = new SimulatedAccelerator[all];
        for (int rank = 0; rank < all; rank++)
            ranks[rank] = new SimulatedAccelerator(_spec, meetings, rank, request.ArenaBytes, _settings);
        return ranks;
    }

    private static string[] ListWords()
    {
        string[] words = new string[DeviceSheet.Ids.Count];
        for (int i = 0; i < words.Length; i++)
            words[i] = $"{Prefix}{DeviceSheet.Ids[i]}xN";
        return words;
    }
}
