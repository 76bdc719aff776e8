using Glm5.Backends.CpuReference;
using Glm5.Core.Accelerator;

namespace Glm5.Tests.Unit.Cpu;

[TestClass]
public sealed class ActivationArenaTests
{
    [TestMethod]
    [DataRow(1000)]
    [DataRow(1024)]
    public void What_there_is_room_for_can_be_taken_and_nothing_else(long bytes)
    {
        using var arena = new ActivationArena(new CpuMemory(), bytes);
        arena.Take(ElementType.F8E4M3, 100);
        for (long size = 1; size <= bytes; size++)
        {
            bool hasRoom = arena.HasRoom(size);
            using ActivationArena.Scope scope = arena.Open();
            bool taken = true;
            try
            {
                arena.Take(ElementType.F8E4M3, size);
            }
            catch (DeviceMemoryException)
            {
                taken = false;
            }

            Assert.AreEqual(taken, hasRoom, $"{size} bytes");
        }
    }
}
