using CsCheck;
using Glm5.Core.Scheduling;

namespace Glm5.Tests.Unit.Scheduling;

[TestClass]
public sealed class PlacedHeapTests
{
    [TestMethod]
    public void Items_come_first_in_order_whatever_is_added_removed_and_moved() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Int[0, 20]).Array[1, 200].Sample(
            steps =>
            {
                var heap = new PlacedHeap<Item, ByValue>();
                var plain = new List<Item>();
                foreach ((int what, int which, int value) in steps)
                {
                    Step(heap, plain, what, which, value);
                    Assert.AreEqual(plain.Min(item => item.Value), heap.First?.Value);
                    Assert.AreEqual(plain.Count, heap.Count);
                    for (int i = 0; i < heap.Count; i++)
                        Assert.AreEqual(i + 1, ByValue.Place(heap.Items[i]));
                }
            }, iter: Soak.Times(500), threads: 1);

    private static void Step(PlacedHeap<Item, ByValue> heap, List<Item> plain, int what, int which, int value)
    {
        if (what == 0 || plain.Count == 0)
        {
            var added = new Item { Value = value };
            heap.Add(added);
            plain.Add(added);
            return;
        }

        Item item = plain[which % plain.Count];
        if (what == 1 && plain.Count > 1)
        {
            heap.Remove(item);
            plain.Remove(item);
            Assert.AreEqual(0, ByValue.Place(item));
        }
        else
        {
            item.Value = value;
            heap.Moved(item);
        }
    }

    internal sealed class Item
    {
        public int Place;

        public int Value { get; set; }
    }

    internal readonly struct ByValue : IHeapOrder<Item>
    {
        public static bool IsBefore(Item a, Item b) => a.Value < b.Value;

        public static ref int Place(Item item) => ref item.Place;
    }
}
