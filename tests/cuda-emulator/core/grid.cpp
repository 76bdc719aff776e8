#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>

#include "core/fault.h"
#include "core/memory.h"
#include "core/module.h"
#include "core/runner.h"
#include "core/settings.h"

namespace emu {

namespace {

int64_t steady_now()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Runners that nobody holds, and all there are, for the watchdog.
class Runners {
public:
    std::unique_ptr<Runner> take()
    {
        std::lock_guard<std::mutex> lock(_mutex);
        if (!_watched) {
            _watched = true;
            std::thread([this] { watch(); }).detach();
        }
        if (_free.empty()) {
            auto fresh = std::make_unique<Runner>();
            _all.push_back(fresh.get());
            return fresh;
        }
        std::unique_ptr<Runner> runner = std::move(_free.back());
        _free.pop_back();
        return runner;
    }

    void give(std::unique_ptr<Runner> runner)
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _free.push_back(std::move(runner));
    }

private:
    void watch()
    {
        for (;;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            std::lock_guard<std::mutex> lock(_mutex);
            for (Runner *runner : _all) {
                const int64_t deadline = runner->deadline;
                if (deadline != 0 && steady_now() > deadline) {
                    pthread_kill(runner->thread, watchdog_signal());
                }
            }
        }
    }

    std::mutex _mutex;
    std::vector<std::unique_ptr<Runner>> _free;
    std::vector<Runner *> _all;
    bool _watched = false;
};

Runners &runners()
{
    static Runners &only = *new Runners;
    return only;
}

/// One grid in the making: whoever has a hand free takes its next block.
struct Grid {
    const Launch *launch;
    std::vector<void *> arguments;
    uint64_t blocks = 0;
    uint64_t stride = 1; ///< block number i is the (i * stride)-th: 1, or a number without a common factor for other orders
    std::atomic<uint64_t> next{0};
    std::mutex mutex;
    std::condition_variable ended;
    int hands = 0;
    Failure failure;

    void work()
    {
        std::unique_ptr<Runner> runner = runners().take();
        runner->thread = pthread_self();
        runner->deadline = steady_now() + int64_t{settings().watchdogMilliseconds} * 1000000;
        const uint3 &size = launch->grid;
        for (uint64_t i; (i = next++) < blocks;) {
            const uint64_t number = stride == 0 ? blocks - 1 - i : static_cast<uint64_t>(static_cast<unsigned __int128>(i) * stride % blocks);
            const uint3 block{static_cast<unsigned>(number % size.x), static_cast<unsigned>(number / size.x % size.y),
                static_cast<unsigned>(number / (uint64_t{size.x} * size.y))};
            if (!runner->run(*launch, arguments.data(), block)) {
                next = blocks;
                std::lock_guard<std::mutex> lock(mutex);
                failure = failure.code == 0 ? runner->failure() : failure;
            }
        }
        runner->deadline = 0;
        runners().give(std::move(runner));
    }
};

/// Threads that help with grids of more than a few blocks.
class Helpers {
public:
    void offer(const std::shared_ptr<Grid> &grid, int hands)
    {
        std::lock_guard<std::mutex> lock(_mutex);
        while (_made < hands) {
            _made++;
            std::thread([this] { help(); }).detach();
        }
        for (int i = 0; i < hands; i++) {
            _offers.push_back(grid);
        }
        _changed.notify_all();
    }

private:
    void help()
    {
        prepare_thread_for_traps();
        for (;;) {
            std::shared_ptr<Grid> grid;
            {
                std::unique_lock<std::mutex> lock(_mutex);
                _changed.wait(lock, [this] { return !_offers.empty(); });
                grid = std::move(_offers.front());
                _offers.pop_front();
            }
            {
                std::lock_guard<std::mutex> lock(grid->mutex);
                if (grid->next >= grid->blocks) {
                    continue;
                }
                grid->hands++;
            }
            grid->work();
            std::lock_guard<std::mutex> lock(grid->mutex);
            grid->hands--;
            grid->ended.notify_all();
        }
    }

    std::mutex _mutex;
    std::condition_variable _changed;
    std::deque<std::shared_ptr<Grid>> _offers;
    int _made = 0;
};

Helpers &helpers()
{
    static Helpers &only = *new Helpers;
    return only;
}

uint64_t stride_for(uint64_t blocks)
{
    if (settings().order == Order::Ascending) {
        return 1;
    }
    if (settings().order == Order::Descending) {
        return 0;
    }
    uint64_t stride = settings().seed % blocks;
    while (std::gcd(stride, blocks) != 1) {
        stride++;
    }
    return stride;
}

/// Where a pointer argument leads; refuses what no kernel could use: freed, another device's, or host memory that is not page-locked.
/// The end of an allocation is a place too.
std::vector<memory::Region> check_pointers(const Launch &launch)
{
    std::vector<memory::Region> regions;
    for (unsigned i = 0; i < launch.kernel->count; i++) {
        uintptr_t address = 0;
        std::memcpy(&address, launch.bytes.data() + launch.offsets[i], launch.kernel->pointers[i] ? sizeof(address) : 0);
        if (address == 0) {
            continue;
        }
        memory::Region region;
        const bool found = memory::find(address, region) || memory::find(address - 1, region);
        const bool own = found && (region.device == memory::kHost || region.device == launch.device || memory::is_peer(launch.device, region.device));
        if (!own) {
            refuse(CUDA_ERROR_ILLEGAL_ADDRESS, "argument %u: %s, and device %d cannot touch it", i, memory::describe(address).c_str(), launch.device);
        }
        regions.push_back(region);
    }
    return regions;
}

} // namespace

std::vector<void *> Launch::arguments() const
{
    std::vector<void *> pointers;
    for (const size_t offset : offsets) {
        pointers.push_back(const_cast<unsigned char *>(bytes.data()) + offset);
    }
    return pointers;
}

void run_launch(const Launch &launch)
{
    if (const int code = faults::take("launch")) {
        refuse(code, "ordered fault in %s", launch.name.c_str());
    }
    const std::vector<memory::Region> touched = check_pointers(launch);
    auto grid = std::make_shared<Grid>();
    grid->launch = &launch;
    grid->arguments = launch.arguments();
    grid->blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    grid->stride = stride_for(grid->blocks);
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    const int threads = settings().threads > 0 ? settings().threads : std::min(cores, 4);
    if (threads > 1 && grid->blocks > 3) {
        helpers().offer(grid, static_cast<int>(std::min<uint64_t>(static_cast<uint64_t>(threads) - 1, grid->blocks - 1)));
    }
    grid->work();
    {
        std::unique_lock<std::mutex> lock(grid->mutex);
        grid->ended.wait(lock, [&] { return grid->hands == 0; });
    }
    if (grid->failure.code != 0) {
        throw Refusal{grid->failure.code, grid->failure.text};
    }
    for (const memory::Region &region : touched) {
        memory::Region now;
        if (memory::find(region.base, now) && now.base == region.base) {
            const std::string damage = memory::damage(now);
            if (!damage.empty()) {
                refuse(CUDA_ERROR_ILLEGAL_ADDRESS, "%s", damage.c_str());
            }
        }
    }
}

} // namespace emu
