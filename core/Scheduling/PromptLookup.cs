using System.Numerics;

namespace Glm5.Core.Scheduling;

/// <summary>
/// Guesses how a sequence goes on from what it has said before: finds the last tokens earlier in the sequence, prompt
/// and answer alike, and proposes what came behind them there. Of several places the one with the longest match counts,
/// of equally long ones the latest. One thread.
/// </summary>
/// <remarks>
/// Places are chained by a hash of their shortest match, the latest first, so that a token costs the same at any length;
/// chains are followed for a bounded number of places, and a long prompt is taken in over several steps.
/// </remarks>
internal sealed class PromptLookup
{
    /// <summary>Places looked at: what is common enough to have more says little.</summary>
    private const int MostPlaces = 32;

    /// <summary>Tokens taken in at a time, far more than a step adds: tens of microseconds.</summary>
    private const int TokensAtOnce = 16384;

    private const int Nowhere = -1;

    /// <summary>Room for tokens of the answer behind what is there at first; it grows by doubling.</summary>
    private const int FirstRoom = 1024;

    private readonly int _shortest, _longest;
    private int[] _latest = [], _before = [];
    private int _end;

    /// <summary>A lookup of matches from <paramref name="shortest"/> tokens, which count up to <paramref name="longest"/>.</summary>
    public PromptLookup(int shortest, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shortest, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, shortest);
        (_shortest, _longest, _end) = (shortest, longest, shortest);
    }

    /// <summary>
    /// Proposes the tokens behind <paramref name="tokens"/>, which begin with those of earlier calls. A repetition that
    /// has not ended is proposed to go on. Fills <paramref name="into"/> and returns its length, or 0 when nothing is found.
    /// </summary>
    public int Propose(ReadOnlySpan<int> tokens, Span<int> into)
    {
        if (tokens.Length <= _shortest || into.IsEmpty)
            return 0;
        TakeIn(tokens);
        int place = Find(tokens);
        if (place == Nowhere)
            return 0;
        int period = tokens.Length - place;
        for (int i = 0; i < into.Length; i++)
            into[i] = i < period ? tokens[place + i] : into[i - period];
        return into.Length;
    }

    /// <summary>Chains the places before the end; a place is the position behind its match.</summary>
    private void TakeIn(ReadOnlySpan<int> tokens)
    {
        int until = Math.Min(tokens.Length, _end + TokensAtOnce);
        MakeRoom(tokens, until);
        for (; _end < until; _end++)
            Chain(tokens, _end);
    }

    /// <summary>The place of the longest match; <see cref="Nowhere"/> when there is none.</summary>
    private int Find(ReadOnlySpan<int> tokens)
    {
        int best = Nowhere, bestLength = 0, place = _latest[BucketOf(tokens, tokens.Length)];
        for (int looked = 0; place != Nowhere && looked < MostPlaces; looked++, place = _before[place])
        {
            int length = MatchBefore(tokens, place);
            if (length < _shortest || length <= bestLength)
                continue;
            (best, bestLength) = (place, length);
            if (length == _longest)
                break;
        }

        return best;
    }

    /// <summary>How many tokens before a place equal the last ones, up to the longest that counts.</summary>
    private int MatchBefore(ReadOnlySpan<int> tokens, int place)
    {
        int most = Math.Min(_longest, place), length = 0;
        while (length < most && tokens[place - 1 - length] == tokens[tokens.Length - 1 - length])
            length++;
        return length;
    }

    private void Chain(ReadOnlySpan<int> tokens, int place)
    {
        ref int latest = ref _latest[BucketOf(tokens, place)];
        (_before[place], latest) = (latest, place);
    }

    private int BucketOf(ReadOnlySpan<int> tokens, int place)
    {
        uint hash = 0;
        foreach (int token in tokens.Slice(place - _shortest, _shortest))
            hash = (hash ^ (uint)token) * 0x9E37_79B1;
        return (int)((hash ^ (hash >> 15)) & (uint)(_latest.Length - 1));
    }

    /// <summary>Doubles, and chains anew what was there: the buckets are others.</summary>
    private void MakeRoom(ReadOnlySpan<int> tokens, int length)
    {
        if (length <= _before.Length)
            return;
        int room = (int)BitOperations.RoundUpToPowerOf2((uint)(length + (_before.Length == 0 ? FirstRoom : 0)));
        (_before, _latest) = (new int[room], new int[room]);
        Array.Fill(_latest, Nowhere);
        for (int place = _shortest; place < _end; place++)
            Chain(tokens, place);
    }
}
