using System.Text;

namespace Glm5.Core.Tokenization;

/// <summary>
/// Looks for a request's stop strings in streamed text. The one that is complete first wins, of several complete at the
/// same character the longest: that is decided without reading on, so every chunking gives the same answer. Text that
/// could still become a stop string is held back. Linear in the text's length. One thread.
/// </summary>
public sealed class StopStrings
{
    private readonly Search[] _searches;
    private readonly bool _includeStop;
    private readonly StringBuilder _held = new();

    /// <param name="stops">Non-empty strings; none at all is allowed.</param>
    /// <param name="includeStop">Whether the stop string itself is shown.</param>
    public StopStrings(IReadOnlyList<string> stops, bool includeStop = false)
    {
        _searches = new Search[stops.Count];
        for (int i = 0; i < stops.Count; i++)
        {
            ArgumentException.ThrowIfNullOrEmpty(stops[i], nameof(stops));
            _searches[i] = new Search(stops[i]);
        }

        _includeStop = includeStop;
    }

    /// <summary>The stop string that was found; null until then.</summary>
    public string? Found { get; private set; }

    /// <summary>
    /// Takes the next piece of text and returns what may be shown: everything before the earliest stop string. What
    /// comes after one is dropped.
    /// </summary>
    public string Append(string text)
    {
        if (_searches.Length == 0)
            return text;
        if (Found is not null)
            return "";

        int begun = 0;
        foreach (char character in text)
        {
            _held.Append(character);
            begun = 0;
            foreach (Search search in _searches)
            {
                begun = Math.Max(begun, search.Advance(character));
                if (search.IsComplete && search.Stop.Length > (Found?.Length ?? 0))
                    Found = search.Stop;
            }

            if (Found is not null)
                return Take(_held.Length - (_includeStop ? 0 : Found.Length));
        }

        return text.Length == 0 ? "" : Take(_held.Length - begun);
    }

    /// <summary>What was held back, at the end of an answer without a stop string.</summary>
    public string Flush() => Found is null ? Take(_held.Length) : "";

    private string Take(int count)
    {
        string shown = _held.ToString(0, count);
        _held.Remove(0, count);
        return shown;
    }

    /// <summary>One stop string and how much of it the text's end matches (Knuth, Morris and Pratt).</summary>
    private sealed class Search
    {
        /// <summary>
        /// By matched length: the longest shorter match, to fall back to when the next character differs.
        /// </summary>
        private readonly int[] _fallbacks;
        private int _matched;

        public Search(string stop)
        {
            Stop = stop;
            _fallbacks = new int[stop.Length];
            for (int length = 1; length < stop.Length; length++)
            {
                int shorter = _fallbacks[length - 1];
                while (shorter > 0 && stop[shorter] != stop[length])
                    shorter = _fallbacks[shorter - 1];
                _fallbacks[length] = stop[shorter] == stop[length] ? shorter + 1 : 0;
            }
        }

        public string Stop { get; }

        public bool IsComplete => _matched == Stop.Length;

        /// <summary>
        /// Takes a character and returns how many of the text's last ones could become the stop string.
        /// </summary>
        public int Advance(char character)
        {
            while (_matched > 0 && Stop[_matched] != character)
                _matched = _fallbacks[_matched - 1];
            if (Stop[_matched] == character)
                _matched++;
            return _matched;
        }
    }
}
