"""What the harness adds to LocalStack in host mode: Lambda functions as local processes, repairs, moto's services.

Found by LocalStack through `harness_emulator-1.dist-info`, when this folder is on its PYTHONPATH.
"""
