namespace Glm5.Tests.Conformance.Golden;

/// <summary>Comparisons that say where the worst difference is.</summary>
public static class Near
{
    /// <summary>Every element within an absolute tolerance.</summary>
    public static void Rows(float[][] expected, float[][] got, float tolerance, string what)
    {
        Assert.HasCount(expected.Length, got, $"{what}: rows");
        (float worst, int row, int column) = (0, 0, 0);
        for (int r = 0; r < expected.Length; r++)
        {
            Assert.HasCount(expected[r].Length, got[r], $"{what}: columns of row {r}");
            for (int c = 0; c < expected[r].Length; c++)
            {
                float difference = expected[r][c] == got[r][c] ? 0 : Math.Abs(expected[r][c] - got[r][c]);
                if (!(difference <= worst))
                    (worst, row, column) = (difference, r, c);
            }
        }

        Assert.IsTrue(
            worst <= tolerance,
            $"{what}: differs by {worst:G4} at [{row}, {column}]: expected {expected[row][column]:G9}, got {got[row][column]:G9}, tolerance {tolerance:G2}");
    }

    /// <summary>As <see cref="Rows"/>, where a row of <paramref name="got"/> may end before its -inf tail.</summary>
    public static void Ragged(float[][] expected, float[][] got, float tolerance, string what)
    {
        Assert.HasCount(expected.Length, got, $"{what}: rows");
        for (int r = 0; r < expected.Length; r++)
        {
            int visible = got[r].Length;
            Assert.IsTrue(expected[r].AsSpan(visible).IndexOfAnyExcept(float.NegativeInfinity) < 0, $"{what}: row {r} is too short");
            Rows([expected[r][..visible]], [got[r]], tolerance, $"{what} row {r}");
        }
    }

    /// <summary>Equal integers; the longer row of two may be padded with -1.</summary>
    public static void Same(int[][] expected, int[][] got, string what)
    {
        Assert.HasCount(expected.Length, got, $"{what}: rows");
        for (int r = 0; r < expected.Length; r++)
            CollectionAssert.AreEqual(expected[r].Where(v => v >= 0).ToArray(), got[r].Where(v => v >= 0).ToArray(), $"{what}: row {r}");
    }

    /// <summary>Index of the largest; the lowest among equals.</summary>
    public static int ArgMax(float[] values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }

        return best;
    }
}
