namespace Glm5.Core.Scheduling;

/// <summary>
/// Finds out how many drafts pay, by load: verifying costs little beside one sequence and much beside a hundred. It
/// measures tokens a second over windows of steps that only decode, tries one draft more or fewer now and then, and keeps
/// what is faster; so it ends at 0 where drafts lose, and comes back when they would gain. Tokens do not depend on it.
/// </summary>
internal sealed class DraftGuard
{
    private readonly Level[] _levels = new Level[DraftCounts.Levels];
    private int _last = -1;

    /// <summary>A guard that begins with <paramref name="most"/> drafts at every load.</summary>
    public DraftGuard(int most)
    {
        for (int level = 0; level < _levels.Length; level++)
            _levels[level] = new Level(most);
    }

    /// <summary>Drafts for a step of so many sequences.</summary>
    public int LengthAt(int sequences) => _levels[DraftCounts.LevelOf(sequences)].Length;

    /// <summary>
    /// Takes note of a step that only decoded. True when drafts have been switched off for its load, or on again.
    /// </summary>
    public bool Observe(int sequences, int gained, double seconds)
    {
        int level = DraftCounts.LevelOf(sequences);
        if (level == _last)
            return _levels[level].Observe(gained, seconds);
        // Its drafts were made for another load.
        _last = level;
        return false;
    }

    /// <summary>What is known of one load.</summary>
    private sealed class Level(int most)
    {
        /// <summary>Steps of a window, after those in which drafts of the length before are verified.</summary>
        private const int WindowSteps = 24, SettlingSteps = 2;

        /// <summary>Windows between two trials; doubled by each that fails, up to the longest pause.</summary>
        private const int ShortestPause = 2, LongestPause = 64;

        /// <summary>Less is noise.</summary>
        private const double WorthIt = 1.02;

        private readonly int _most = most;
        private int _settled = most, _direction = -1, _pause = ShortestPause, _windows, _steps;
        private double _rate, _gained, _seconds;

        /// <summary>Drafts a step now, a trial's included.</summary>
        public int Length { get; private set; } = most;

        public bool Observe(int gained, double seconds)
        {
            if (++_steps <= SettlingSteps)
                return false;
            _gained += gained;
            _seconds += seconds;
            if (_steps < SettlingSteps + WindowSteps)
                return false;
            double rate = _gained / _seconds;
            (_gained, _seconds) = (0, 0);
            return Length == _settled ? EndWindow(rate) : EndTrial(rate);
        }

        private bool EndWindow(double rate)
        {
            _rate = rate;
            _steps = SettlingSteps;
            if (++_windows < _pause)
                return false;
            if (_settled + _direction < 0 || _settled + _direction > _most)
                _direction = -_direction;
            Try(_settled + _direction);
            return false;
        }

        private bool EndTrial(double rate)
        {
            int before = _settled;
            if (rate > _rate * WorthIt)
                (_settled, _rate, _pause) = (Length, rate, ShortestPause);
            else
                (_direction, _pause) = (-_direction, Math.Min(LongestPause, 2 * _pause));
            Try(_settled);
            return before != _settled && (before == 0 || _settled == 0);
        }

        private void Try(int length)
        {
            Length = length;
            (_steps, _windows) = (0, 0);
        }
    }
}
