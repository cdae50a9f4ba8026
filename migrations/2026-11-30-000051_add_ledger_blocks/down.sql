drop table ledger_unsealed, ledger_seals, ledger_blocks;
