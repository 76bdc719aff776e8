namespace Glm5.Core.Tokenization;

/// <summary>
/// The 256 characters in which a byte-level vocabulary writes bytes: printable Latin-1 characters stand for themselves,
/// the other 68 bytes are written as U+0100 onwards, in ascending order.
/// </summary>
internal static class ByteAlphabet
{
    private const int Remapped = 68;

    private static readonly short[] s_bytes = Build();

    /// <summary>The byte a character stands for; false for characters outside of the alphabet.</summary>
    public static bool TryGetByte(char character, out byte value)
    {
        int found = character < s_bytes.Length ? s_bytes[character] : -1;
        value = (byte)found;
        return found >= 0;
    }

    private static short[] Build()
    {
        short[] bytes = new short[256 + Remapped];
        Array.Fill(bytes, (short)-1);
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool itself = value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ');
            bytes[itself ? value : next++] = (short)value;
        }

        return bytes;
    }
}
