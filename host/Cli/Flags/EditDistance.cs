namespace Glm5.Host.Cli.Flags;

/// <summary>How many letters have to be put in, taken out, exchanged or swapped with a neighbour.</summary>
internal static class EditDistance
{
    /// <summary>The word that somebody may have meant; null when none is near. Of equally near ones the first.</summary>
    public static string? Nearest(string written, IEnumerable<string> words)
    {
        string? best = null;
        int least = Math.Max(2, written.Length / 4) + 1;
        foreach (string word in words)
        {
            int distance = word.StartsWith(written, StringComparison.Ordinal) ? 1 : Between(written, word);
            if (distance < least)
                (best, least) = (word, distance);
        }

        return best;
    }

    /// <summary>The distance between two words.</summary>
    public static int Between(string left, string right)
    {
        // Rows of the usual table: two letters back, one back, and the present one.
        int[] before = new int[right.Length + 1];
        int[] last = [.. Enumerable.Range(0, right.Length + 1)];
        int[] row = new int[right.Length + 1];
        for (int l = 1; l <= left.Length; l++)
        {
            row[0] = l;
            for (int r = 1; r <= right.Length; r++)
            {
                int exchange = last[r - 1] + (left[l - 1] == right[r - 1] ? 0 : 1);
                row[r] = Math.Min(exchange, Math.Min(last[r], row[r - 1]) + 1);
                if (l > 1 && r > 1 && left[l - 1] == right[r - 2] && left[l - 2] == right[r - 1])
                    row[r] = Math.Min(row[r], before[r - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[right.Length];
    }
}
