using Glm5.Core.Chat.Output;

namespace Glm5.Core.Constrained.Automaton;

/// <summary>
/// A grammar's automaton made deterministic step by step, as texts ask for it. What was found is remembered within
/// bounds, then forgotten as a whole. Any thread; a step that is not known yet takes a lock.
/// </summary>
internal sealed class GrammarStates
{
    private readonly Grammar _grammar;
    private readonly int _classes;
    private readonly Lock _gate = new();
    private readonly HashSet<GrammarState> _states = [];
    private readonly PlaceSet _places;
    private GrammarState _start;
    private long _bytes;

    public GrammarStates(Grammar grammar)
    {
        _grammar = grammar;
        _classes = grammar.Classes + OutputTags.Count;
        _places = new PlaceSet(grammar);
        _start = Intern(_places.Begin());
    }

    /// <summary>Where no text of any grammar stands.</summary>
    public static GrammarState Dead { get; } = new([], canEnd: false, 0);

    /// <summary>Before the first byte.</summary>
    public GrammarState Start => Volatile.Read(ref _start);

    /// <summary>Steps found so far; it only rises, and wraps.</summary>
    public int Found { get; private set; }

    /// <summary>Memory of the grammar and of what is remembered of it, roughly.</summary>
    public long Bytes => _grammar.Bytes + Volatile.Read(ref _bytes) + _places.Bytes;

    /// <summary>Where a byte leads; a dead state when it cannot come here.</summary>
    public GrammarState Step(GrammarState state, byte value) =>
        state.IsOver ? Dead : Step(state, _grammar.ClassOf(value), value, EdgeKind.Bytes);

    /// <summary>Where several bytes lead.</summary>
    public GrammarState Step(GrammarState state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            state = Step(state, value);
        return state;
    }

    /// <summary>Where a tag leads.</summary>
    public GrammarState Step(GrammarState state, OutputTag tag) =>
        state.IsOver ? Dead : Step(state, _grammar.Classes + (int)tag, (int)tag, EdgeKind.Tag);

    /// <summary>Forgets what was found. States that somebody holds stay good.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _states.Clear();
            _places.Forget();
            _bytes = 0;

            // The old one leads to everything that was found.
            Volatile.Write(ref _start, Intern(_places.Begin()));
        }
    }

    private GrammarState Step(GrammarState state, int kind, int symbol, EdgeKind edge) =>
        Volatile.Read(ref state.Next[kind]) ?? Find(state, kind, symbol, edge);

    private GrammarState Find(GrammarState state, int kind, int symbol, EdgeKind edge)
    {
        lock (_gate)
        {
            if (state.Next[kind] is { } known)
                return known;
            if (_bytes + _places.Bytes > GrammarBounds.PositionBytes)
                Forget();
            Found++;
            GrammarState next = Intern(_places.Step(state, edge, symbol));
            Volatile.Write(ref state.Next[kind], next);
            return next;
        }
    }

    private GrammarState Intern(bool fits)
    {
        Place[] places = fits ? _places.Leaves() : [];
        if (!fits || (places.Length == 0 && !_places.CanEnd))
            return Dead;
        var state = new GrammarState(places, _places.CanEnd, _classes) { PlainCharacters = PlainCharacters(places) };
        if (_states.TryGetValue(state, out GrammarState? same))
            return same;
        _states.Add(state);
        _bytes += state.Bytes;
        return state;
    }

    private int PlainCharacters(Place[] places)
    {
        int most = 0;
        foreach (Place place in places)
        {
            foreach (ref readonly Frame frame in place.Frames.Items)
            {
                GrammarEdge call = _grammar.Edge(frame.Edge);
                GrammarRule rule = _grammar.Rules[call.Rule];
                if (rule.IsCharacter && place.State == rule.First)
                    most = Math.Max(most, call.Most == GrammarEdge.NoEnd ? call.Most : call.Most - frame.Count + 1);
            }
        }

        return most;
    }
}
