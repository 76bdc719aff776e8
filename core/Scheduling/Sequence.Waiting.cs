namespace Glm5.Core.Scheduling;

/// <content>Where it stands among those that wait.</content>
internal sealed partial class Sequence
{
    private int _arrivalPlace, _flowPlace, _startPlace;

    /// <summary>Lower comes first: its request's priority, until <see cref="RunFirst"/>.</summary>
    public int Urgency { get; private set; }

    /// <summary>The timestamp until which it must have had its first step; null when it waits for as long as it takes.</summary>
    public long? StartBy { get; init; }

    /// <summary>Whose it is; set when it is taken.</summary>
    public Flow Flow { get; set; } = null!;

    /// <summary>The flow that it waits in, which is not its own after it was preempted; null while it does not wait.</summary>
    public Flow? WaitsIn { get; set; }

    /// <inheritdoc cref="GenerationRequest.MaxWait"/>
    public TimeSpan? MaxWait => _request.MaxWait;

    /// <inheritdoc cref="GenerationRequest.ShareKey"/>
    public string? ShareKey => _request.ShareKey;

    /// <inheritdoc cref="GenerationRequest.ShareWeight"/>
    public int ShareWeight => _request.ShareWeight;

    /// <summary>From here on it runs before all others, and gives its blocks up to none.</summary>
    public void RunFirst() => Urgency = int.MinValue;

    /// <summary>True when it is more urgent, or as urgent and earlier.</summary>
    public bool ComesBefore(Sequence other) =>
        Urgency != other.Urgency ? Urgency < other.Urgency : Arrival < other.Arrival;

    /// <summary>The most urgent first, of equally urgent ones the earliest.</summary>
    internal readonly struct ByUrgency : IHeapOrder<Sequence>
    {
        /// <inheritdoc/>
        public static bool IsBefore(Sequence a, Sequence b) => a.ComesBefore(b);

        /// <inheritdoc/>
        public static ref int Place(Sequence item) => ref item._flowPlace;
    }

    /// <summary>The earliest first.</summary>
    internal readonly struct ByArrival : IHeapOrder<Sequence>
    {
        /// <inheritdoc/>
        public static bool IsBefore(Sequence a, Sequence b) => a.Arrival < b.Arrival;

        /// <inheritdoc/>
        public static ref int Place(Sequence item) => ref item._arrivalPlace;
    }

    /// <summary>Who must start first, first.</summary>
    internal readonly struct ByStart : IHeapOrder<Sequence>
    {
        /// <inheritdoc/>
        public static bool IsBefore(Sequence a, Sequence b) =>
            a.StartBy != b.StartBy ? a.StartBy < b.StartBy : a.Arrival < b.Arrival;

        /// <inheritdoc/>
        public static ref int Place(Sequence item) => ref item._startPlace;
    }
}
