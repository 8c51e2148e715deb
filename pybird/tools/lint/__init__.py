"""What a configuration that can be run had better not say: one function per remark."""
