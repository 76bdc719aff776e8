// How a kernel makes itself known: its parameters' sizes come from its type, as a cubin holds them.
namespace cuda_emulator {

template <class Type>
struct IsPointer {
    static constexpr bool value = false;
};
template <class Type>
struct IsPointer<Type *> {
    static constexpr bool value = true;
};
template <class Type>
struct Plain {
    using type = Type;
};
template <class Type>
struct Plain<const Type> {
    using type = Type;
};
template <class Type>
struct Plain<Type *const> {
    using type = Type *;
};
template <class Type>
struct Plain<Type *__restrict__> {
    using type = Type *;
};

template <int... Index>
struct Indices {};
template <int Count, int... Index>
struct MakeIndices : MakeIndices<Count - 1, Count - 1, Index...> {};
template <int... Index>
struct MakeIndices<0, Index...> {
    using type = Indices<Index...>;
};

template <auto Function>
struct Entry;
template <class... Parameters, void (*Function)(Parameters...)>
struct Entry<Function> {
    static constexpr unsigned kCount = sizeof...(Parameters);
    static constexpr unsigned sizes[kCount + 1] = {sizeof(Parameters)..., 0};
    static constexpr bool pointers[kCount + 1] = {IsPointer<typename Plain<Parameters>::type>::value..., false};

    template <int... Index>
    CUDA_EMULATOR_UNTRACED static void call(void **arguments, Indices<Index...>)
    {
        (void)arguments;
        Function(*static_cast<typename Plain<Parameters>::type *>(arguments[Index])...);
    }
    CUDA_EMULATOR_UNTRACED static void invoke(void **arguments) { call(arguments, typename MakeIndices<kCount>::type()); }

    static Kernel make(const char *name, unsigned maxThreads = 0, unsigned minBlocks = 0)
    {
        return {name, reinterpret_cast<const void *>(Function), invoke, sizes, pointers, kCount, maxThreads, minBlocks};
    }
};

/// __launch_bounds__(maxThreads, minBlocks, maxClusterBlocks)
struct Bounds {
    unsigned maxThreads, minBlocks;
    constexpr Bounds(unsigned threads = 0, unsigned blocks = 0, unsigned = 0) : maxThreads(threads), minBlocks(blocks) {}
};

} // namespace cuda_emulator
