using System.Numerics;

namespace Glm5.Core.Chat.Jinja;

/// <summary>Python's slices.</summary>
internal static class Slices
{
    /// <summary>The slice of a string, list or tuple; None stands for a bound that is not given.</summary>
    public static Value Take(Interpreter run, Value subject, Value start, Value stop, Value stride)
    {
        switch (subject)
        {
            case Undefined undefined:
                throw undefined.Fault();
            case Sequence sequence:
                int[] picked = Indices(run, sequence.Items.Length, start, stop, stride);
                Value[] items = new Value[picked.Length];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = sequence.Items[picked[i]];
                }

                return new Sequence(items, sequence.IsTuple);
            case Text text:
                return run.Charged(TakeText(run, text, start, stop, stride));
            default:
                throw new RenderFault($"'{subject.TypeName}' object cannot be sliced");
        }
    }

    private static Text TakeText(Interpreter run, Text text, Value start, Value stop, Value stride)
    {
        run.Charged(text);
        int[]? starts = text.IsPlain ? null : text.CharacterStarts();
        int length = starts is null ? text.Chars.Length : starts.Length - 1;
        (int first, int end, int step) = Bound(length, start, stop, stride);
        if (step == 1)
        {
            int from = starts is null ? first : starts[first];
            int to = Math.Max(from, starts is null ? end : starts[end]);
            return text.Slice(from, to - from);
        }

        TextBuilder picked = run.NewText();
        foreach (int index in Indices(run, length, start, stop, stride))
        {
            int from = starts is null ? index : starts[index];
            picked.Append(text, from, starts is null ? 1 : starts[index + 1] - from);
        }

        return picked.ToText();
    }

    private static int[] Indices(Interpreter run, int length, Value start, Value stop, Value stride)
    {
        (int first, int end, int step) = Bound(length, start, stop, stride);
        long span = step > 0 ? (long)end - first : (long)first - end;
        long size = Math.Abs((long)step);
        int count = (int)Math.Max(0, (span + size - 1) / size);
        run.Step(count);
        int[] indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            indices[i] = (int)(first + ((long)i * step));
        }

        return indices;
    }

    /// <summary>The bounds within the length. Going down, the end may be -1: before the first.</summary>
    private static (int First, int End, int Step) Bound(int length, Value start, Value stop, Value stride)
    {
        int step = stride is None ? 1 : (int)BigInteger.Clamp(Index(stride), -int.MaxValue, int.MaxValue);
        if (step == 0)
        {
            throw new RenderFault("slice step cannot be zero");
        }

        int least = step > 0 ? 0 : -1;
        int most = step > 0 ? length : length - 1;
        int first = start is None ? (step > 0 ? least : most) : Place(start, length, least, most);
        int end = stop is None ? (step > 0 ? most : least) : Place(stop, length, least, most);
        return (first, end, step);
    }

    private static int Place(Value value, int length, int least, int most)
    {
        BigInteger index = Index(value);
        return (int)BigInteger.Clamp(index.Sign < 0 ? index + length : index, least, most);
    }

    private static BigInteger Index(Value value) => Operators.Integral(value)
        ?? throw new RenderFault($"slice indices must be integers or None, not '{value.TypeName}'");
}
