using System.Runtime.CompilerServices;

namespace Glm5.Core.Scheduling;

/// <summary>How a broken invariant is reported.</summary>
internal static class Invariant
{
    /// <summary>
    /// Throws when something of <paramref name="what"/> does not hold. The sentence is written only then: checks by the
    /// million cost nothing but themselves.
    /// </summary>
    public static void Require(
        bool holds, string what, [InterpolatedStringHandlerArgument(nameof(holds))] ref Otherwise otherwise)
    {
        if (!holds)
            throw new InvalidOperationException($"the {what} is inconsistent: {otherwise.Sentence()}");
    }

    /// <summary>A sentence for the case that something does not hold.</summary>
    [InterpolatedStringHandler]
    internal ref struct Otherwise
    {
        private DefaultInterpolatedStringHandler _text;

        public Otherwise(int literalLength, int formattedCount, bool holds, out bool isWritten)
        {
            isWritten = !holds;
            _text = isWritten ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        /// <summary>Writes words.</summary>
        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        /// <summary>Writes a value.</summary>
        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        /// <summary>The whole; asked for once.</summary>
        public string Sentence() => _text.ToStringAndClear();
    }
}
