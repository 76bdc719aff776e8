#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/refusal.h"

namespace emu {

/// Hands out tokens in place of pointers. A token is never used twice and lies in no mapped page: a handle that was destroyed, or
/// that is of another kind, is always recognised, and reading through it faults.
template <class T>
class Handles {
public:
    Handles(const char *kind, uint64_t number, int code = CUDA_ERROR_INVALID_HANDLE)
        : _kind(kind), _next((number << 40) | 0x10), _code(code)
    {
    }

    void *add(std::shared_ptr<T> object)
    {
        std::lock_guard<std::mutex> lock(_mutex);
        const uint64_t token = _next;
        _next += 0x10;
        _live[token] = std::move(object);
        return reinterpret_cast<void *>(token);
    }

    std::shared_ptr<T> find(const void *token) const
    {
        std::lock_guard<std::mutex> lock(_mutex);
        const auto found = _live.find(reinterpret_cast<uint64_t>(token));
        return found == _live.end() ? nullptr : found->second;
    }

    std::shared_ptr<T> get(const void *token) const
    {
        std::shared_ptr<T> object = find(token);
        if (!object) {
            refuse(_code, "%p is no live %s: destroyed, of another kind, or never created", token, _kind);
        }
        return object;
    }

    std::shared_ptr<T> remove(const void *token)
    {
        std::shared_ptr<T> object = get(token);
        std::lock_guard<std::mutex> lock(_mutex);
        _live.erase(reinterpret_cast<uint64_t>(token));
        return object;
    }

    std::vector<std::pair<void *, std::shared_ptr<T>>> all_with_tokens() const
    {
        std::lock_guard<std::mutex> lock(_mutex);
        std::vector<std::pair<void *, std::shared_ptr<T>>> objects;
        for (const auto &entry : _live) {
            objects.push_back({reinterpret_cast<void *>(entry.first), entry.second});
        }
        return objects;
    }

    std::vector<std::shared_ptr<T>> all() const
    {
        std::lock_guard<std::mutex> lock(_mutex);
        std::vector<std::shared_ptr<T>> objects;
        for (const auto &entry : _live) {
            objects.push_back(entry.second);
        }
        return objects;
    }

private:
    const char *_kind;
    uint64_t _next;
    int _code;
    mutable std::mutex _mutex;
    std::unordered_map<uint64_t, std::shared_ptr<T>> _live;
};

} // namespace emu
