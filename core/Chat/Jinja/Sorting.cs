namespace Glm5.Core.Chat.Jinja;

/// <summary>Python's stable sort.</summary>
internal static class Sorting
{
    /// <summary>
    /// Sorts items by their keys, an equal number of both; equal ones keep their order, also when descending.
    /// </summary>
    /// <exception cref="RenderFault">Two keys have no order.</exception>
    public static void Sort(Interpreter run, Value[] items, Value[] keys, bool descending)
    {
        int[] order = new int[items.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Value[] sorted = new Value[items.Length];
        Merge(run, order, new int[order.Length], 0, order.Length, keys, descending);
        for (int i = 0; i < sorted.Length; i++)
        {
            sorted[i] = items[order[i]];
        }

        sorted.CopyTo(items, 0);
    }

    /// <summary>The key as Jinja compares it where case does not count.</summary>
    public static Value IgnoringCase(Value key) =>
        key is Text text ? text.WithChars(text.Chars.ToLowerInvariant()) : key;

    // A merge sort of our own: the runtime's is not stable and wraps what a comparison throws.
    private static void Merge(
        Interpreter run, int[] order, int[] spare, int start, int end, Value[] keys, bool descending)
    {
        if (end - start < 2)
        {
            return;
        }

        int middle = (start + end) >>> 1;
        Merge(run, order, spare, start, middle, keys, descending);
        Merge(run, order, spare, middle, end, keys, descending);
        Array.Copy(order, start, spare, start, end - start);
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++)
        {
            run.Step();
            bool takesRight = left == middle
                || (right < end && Precedes(run, keys[spare[right]], keys[spare[left]], descending));
            order[i] = takesRight ? spare[right++] : spare[left++];
        }
    }

    private static bool Precedes(Interpreter run, Value later, Value earlier, bool descending) => descending
        ? Operators.Order(run, "<", earlier, later) is < 0
        : Operators.Order(run, "<", later, earlier) is < 0;
}
